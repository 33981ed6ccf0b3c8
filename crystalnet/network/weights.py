"""Trained networks as safetensors files that say what they hold."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.weights_file import HEADER, read_weights
from crystalnet.settings import CompositionInput, NetworkSettings, PatternSpec, Settings


class WeightsHeader(Settings):
    """What a weights file says about its network.

    Attributes:
        network, with_formula: arguments of CrystalNet.
        pattern: how the patterns of its training were binned.
        composition_input: the form of composition that it was trained on.
        notes: whatever else was given when it was saved.
    """

    network: NetworkSettings
    pattern: PatternSpec
    with_formula: bool
    composition_input: CompositionInput
    notes: dict[str, str]


def save_weights(
    path: Path | str,
    model: CrystalNet,
    patterns: PatternSpec,
    metadata: Mapping[str, str],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a network's weights, atomically.

    Args:
        patterns: how those of its training were binned.
        metadata: `composition_input`, and any further notes.
        dtype: of the trained parameters: torch.float32, or torch.bfloat16 at half the size.
            Buffers (running statistics, Fourier frequencies) stay as they are: the phases of the
            position encoder need the digits.

    Raises:
        ValueError: if the metadata have no composition_input, or one that contradicts the model, or
            for other bins than the model's.
    """
    notes = dict(metadata)
    header = WeightsHeader.model_validate(
        {
            "network": model.settings,
            "pattern": patterns,
            "with_formula": model.with_formula,
            "composition_input": notes.pop("composition_input", None),
            "notes": notes,
        }
    )
    if patterns.bins != model.pattern_bins:
        raise ValueError(f"patterns of {patterns}, but the network takes {model.pattern_bins} bins")
    if (header.composition_input != "no_formula") != model.with_formula:
        raise ValueError(
            f"composition_input is {header.composition_input}, but the network was built with "
            f"with_formula={model.with_formula}"
        )
    tensors = {name: p.detach().to(dtype).contiguous() for name, p in model.named_parameters()}
    tensors |= {name: buffer.contiguous() for name, buffer in model.named_buffers()}
    with atomic_write(path) as partial:
        save_file(tensors, partial, metadata={HEADER: header.model_dump_json()})


def read_header(path: Path | str) -> WeightsHeader:
    """What a weights file says about its network, without reading the weights.

    Raises:
        CrystalNetError: if the file is missing, damaged, or not of this project.
    """
    return read_weights(path, WeightsHeader, "CrystalNet", with_tensors=False)[0]


def load_model(
    path: Path | str, patterns: PatternSpec | None = None, device: torch.device | str = "cpu"
) -> CrystalNet:
    """The network of a weights file, in float32 and evaluation mode.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from crystalnet import load_model
        >>> from crystalnet.network.crystalnet import CrystalNet
        >>> from crystalnet.network.weights import save_weights
        >>> from crystalnet.settings import NetworkSettings, PatternSpec
        >>> sizes = NetworkSettings(
        ...     width=8, fourier_features=4, fourier_sigma=3.0, dense_growth=2, dense_layers=1,
        ...     regressor_layers=2, regressor_blocks=1,
        ... )
        >>> bins = PatternSpec(wavelength=0.71073, two_theta_min=0.0, two_theta_max=180.0, bins=64)
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "model.safetensors")
        ...     network = CrystalNet(sizes, bins.bins, with_formula=True)
        ...     save_weights(file, network, bins, {"composition_input": "baseline"})
        ...     load_model(file, bins).settings == sizes
        True

    Args:
        path: a .safetensors file that this project wrote.
        patterns: how those are binned that it is to be given; None where the caller makes them
            as the header says.
        device: of the network.

    Raises:
        CrystalNetError: if the file is missing, damaged, not of this project, its weights do not
            fit the network it names, or it was trained on patterns that are binned otherwise.
    """
    header, tensors = read_weights(path, WeightsHeader, "CrystalNet", with_tensors=True)
    if patterns is not None and patterns != header.pattern:
        raise CrystalNetError(
            f"{path}: trained on patterns of {header.pattern}, but those here are {patterns}; "
            "take the `patterns` of its training, or train it again"
        )
    model = CrystalNet(header.network, header.pattern.bins, header.with_formula)
    wanted = model.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        seen = tuple(tensors[name].shape) if name in tensors else "nothing"
        want = tuple(wanted[name].shape) if name in wanted else "nothing"
        if seen != want:
            raise CrystalNetError(
                f"{path}: {name} is {seen}, but its header asks for {want}; "
                "the file is not whole or was edited: copy or train it again"
            )
        if not tensors[name].isfinite().all():
            raise CrystalNetError(f"{path}: {name} holds NaN or infinity; train it again")
    model.load_state_dict(tensors)
    return model.to(device).eval()

"""Trained modes networks as safetensors files that say what they hold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float, Int
from safetensors.torch import save_file
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from crystalnet.network.modes.compact import compact, expanded
from crystalnet.network.modes.density_modes import DensityModes, packed, unpacked
from crystalnet.network.modes.network import ModesNet
from crystalnet.network.weights_file import HEADER, read_weights
from crystalnet.settings import CompositionInput, Count, Settings
from crystalnet.settings_modes import ModesSettings

# Numbers of the modes, each of mean square 1, that are no larger than this are not written.
_ROUNDING = 1e-6
# Modes that are written to half precision at least.
_LEADING = 64


class ModesHeader(Settings):
    """What a weights file says about its network.

    Attributes:
        architecture: modes.
        network: sizes.
        order: highest order of its modes.
        composition_input: the form of composition that it was trained on.
        notes: whatever else was given when it was saved.
    """

    architecture: Literal["modes"]
    network: ModesSettings
    order: Count
    composition_input: CompositionInput
    notes: dict[str, str]


def save_modes(
    path: Path | str,
    model: ModesNet,
    metadata: Mapping[str, str],
    dtype: torch.dtype = torch.float32,
    numbers: int | None = None,
) -> None:
    """Write a network with its modes, atomically.

    Args:
        metadata: `composition_input`, and any further notes.
        dtype: of parameters and modes: torch.float32, torch.float16 or torch.bfloat16; or
            torch.int8, see `compact`.
        numbers: at most so many real numbers of the modes' spectra are written, those in which
            they are strongest.

    Raises:
        ValueError: if the metadata have no composition_input, or one that contradicts the model.
    """
    notes = dict(metadata)
    header = ModesHeader.model_validate(
        {
            "architecture": model.architecture,
            "network": model.settings,
            "order": model.modes.order,
            "composition_input": notes.pop("composition_input", None),
            "notes": notes,
        }
    )
    if (header.composition_input != "no_formula") != model.with_formula:
        raise ValueError(
            f"composition_input is {header.composition_input}, but the network was built with "
            f"with_formula={model.with_formula}"
        )
    tensors = {name: value.detach() for name, value in model.state_dict().items()}
    spectra = torch.complex(tensors.pop("modes_real"), tensors.pop("modes_imaginary"))
    kept = strongest(packed(spectra), tensors["modes_scale"], numbers)
    functions = packed(spectra)[:, kept]
    tensors["modes"] = functions[1 + _LEADING :]
    if dtype == torch.int8:
        tensors = compact(tensors)
    else:
        tensors = {name: value.to(dtype) for name, value in tensors.items()}
    # The mean and the modes that vary most would lose in a byte what the others are there for.
    leading = torch.float32 if dtype == torch.float32 else torch.float16
    tensors["modes_leading"] = functions[: 1 + _LEADING].to(leading)
    tensors["modes_kept"] = kept.to(torch.int32)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    with atomic_write(path) as partial:
        save_file(tensors, partial, metadata={HEADER: header.model_dump_json()})


def strongest(
    functions: Float[Tensor, "functions numbers"],
    scale: Float[Tensor, " modes"],
    count: int | None,
) -> Int[Tensor, " kept"]:
    """The numbers that say anything, ascending; at most so many, those that vary most."""
    found = (functions.abs().amax(dim=0) > _ROUNDING).nonzero()[:, 0]
    if count is None or len(found) <= count:
        return found
    vary = (functions[1:, found] * scale[:, None]).square().sum(dim=0) + functions[0, found] ** 2
    return found[vary.topk(count).indices].sort().values


def read_modes_header(path: Path | str) -> ModesHeader:
    """What a weights file says about its network.

    Raises:
        CrystalNetError: if the file is missing, damaged, or of another architecture.
    """
    return read_weights(path, ModesHeader, "modes network", with_tensors=False)[0]


def load_modes(path: Path | str, device: torch.device | str = "cpu") -> ModesNet:
    """The network of a weights file, in float32 and evaluation mode.

    Raises:
        CrystalNetError: if the file is missing, damaged, of another architecture, or its weights
            do not fit the network that it names.
    """
    header, tensors = read_weights(path, ModesHeader, "modes network", with_tensors=True)
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise CrystalNetError(f"{path}: {name} holds NaN or infinity; train it again")
    try:
        kept = tensors.pop("modes_kept").long()
        tensors = expanded(tensors)
        side = 2 * header.order + 1
        functions = torch.cat([tensors.pop("modes_leading"), tensors.pop("modes")])
        numbers = functions.new_zeros((len(functions), side * side * (side + 1)))
        numbers[:, kept] = functions
        spectra = unpacked(numbers, header.order)
        tensors |= {"modes_real": spectra.real.contiguous()}
        tensors |= {"modes_imaginary": spectra.imag.contiguous()}
        modes = DensityModes(
            tensors["modes_real"], tensors["modes_imaginary"], tensors["modes_scale"]
        )
        model = ModesNet(header.network, modes, header.composition_input != "no_formula")
        model.load_state_dict(tensors)
    except (KeyError, RuntimeError, IndexError) as error:
        first = str(error).splitlines()[-1].strip()
        raise CrystalNetError(
            f"{path}: its weights do not fit the network of its header ({first}); the file is not "
            "whole or was edited: copy or train it again"
        ) from None
    return model.to(device).eval()

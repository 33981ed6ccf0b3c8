"""Training of one line of `models` whose architecture is `modes`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from crystalnet.files import locked, sha256
from crystalnet.learning.modes.training import Epoch, train_modes
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.modes.features import scale_free_spec
from crystalnet.network.modes.network import ModesNet
from crystalnet.network.modes.weights import save_modes
from crystalnet.scoring.evaluate import every_nth_voxel
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import seeded_initialisation
from crystalnet.tensors import CrystalTensors
from pipeline import store
from pipeline.canonical import Canonical
from pipeline.curves import Curves
from pipeline.dataset import Dataset
from pipeline.device import LICENCE, hardware
from pipeline.models import ModesModel
from pipeline.params import Params

_CRYSTALS_AT_ONCE = 64


def train_modes_model(
    name: str,
    model: ModesModel,
    params: Params,
    weights: Path,
    card: Path,
    curves: Sequence[Path],
) -> None:
    """Train a model on the CPU and write its weights, its card and its learning curves.

    Raises:
        CrystalNetError: for a missing or damaged file of the data set.
    """
    dataset, canonical = Dataset(), Canonical(model.system)
    settings = params.modes
    # Inputs are drawn from the root seed; what else is random differs between repeats.
    seed = params.seed + model.repeat
    samples = canonical.samples(model.input, settings.copies, params.seed)
    validation = canonical.tensors(
        dataset, "val", composition=model.composition, pattern=model.pattern, seed=params.seed
    )
    grid = params.training_of(model.protocol).validation_grid
    with seeded_initialisation(seed):
        network = ModesNet(settings.network, canonical.modes, model.input != "no_formula")
    print(
        f"{name}: {len(samples)} samples, {dataset.density_label}, {network.parameter_count} "
        f"parameters, {settings.training.epochs} epochs on {hardware('cpu', 1)}",
        flush=True,
    )
    rows: list[Epoch] = []
    run_dir = store.WORK / "modes_training" / name
    with locked(run_dir):
        shutil.rmtree(run_dir / "live", ignore_errors=True)
        live = Curves(run_dir / "live")

        def record(row: Epoch, _: ModesNet) -> None:
            rows.append(row)
            score = row.validation["dft"] if row.validation else None
            values = {"loss": row.loss, "learning_rate": row.learning_rate}
            live.add(row.epoch, {**values, "validation_ssim": score})
            if score is not None:
                print(f"{name}: epoch {row.epoch}, validation SSIM {score:.4f}", flush=True)

        trained = train_modes(
            network,
            samples,
            settings.training,
            seed,
            lambda network: {"dft": _ssim(network, validation, grid)},
            record,
        )
        for table in curves:
            live.save(table)
    notes = {"system": model.system, "density_source": dataset.density_source}
    save_modes(weights, trained, {"composition_input": model.composition, **notes})
    score = rows[-1].validation
    assert score is not None
    write_card(
        card,
        ModelCard(
            name=name,
            system=model.system,
            composition_input=model.composition,
            pattern_input=model.pattern,
            pattern=scale_free_spec(params.patterns.wavelength, settings.last_two_theta),
            density_source=dataset.density_label,
            data_sha256=sha256(Path(store.CANONICAL_MODES.format(system=model.system))),
            weights_sha256=sha256(weights),
            parameters=trained.parameter_count,
            settings=CardSettings(network=settings.network, training=settings.training, seed=seed),
            hardware=hardware("cpu", 1),
            seconds=round(sum(row.seconds for row in rows), 1),
            epochs=len(rows),
            best_validation_ssim=score["dft"],
            licence=LICENCE,
        ),
    )


def _ssim(network: ModesNet, crystals: CrystalTensors, grid: int) -> float:
    """Mean SSIM of one guess of each crystal, as it comes."""
    truth = every_nth_voxel(crystals.densities, grid)
    scores = []
    for first in range(0, len(crystals), _CRYSTALS_AT_ONCE):
        some = slice(first, first + _CRYSTALS_AT_ONCE)
        made = network.predict(crystals.patterns[some], crystals.formulas[some], grid, 1)
        scores.append(score_guesses(truth[some], made, "none").ssim[:, 0, 0])
    return float(torch.cat(scores).mean())

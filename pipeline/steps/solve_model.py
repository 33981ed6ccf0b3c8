"""Train the solve model of one crystal system, on independent-atom or on DFT densities."""

import argparse
import json
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import torch

from crystalnet.crystallography.composition import molar_fractions
from crystalnet.crystallography.diffraction import bin_pattern, powder_pattern
from crystalnet.errors import CrystalNetError
from crystalnet.files import locked, sha256
from crystalnet.learning.checkpoints import fingerprint
from crystalnet.learning.realism import Realism, partial_compositions, realistic_patterns
from crystalnet.learning.trainer import train
from crystalnet.network.card import CardSettings, ModelCard, write_card
from crystalnet.network.weights import load_model, save_weights
from crystalnet.seeds import derived_generator
from crystalnet.settings import CrystalSystem
from crystalnet.tensors import CrystalTensors
from pipeline import store
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.device import LICENCE, best_device, hardware
from pipeline.params import Params, load_params
from pipeline.sources import DATA, DFT_FILE, GAUSSIANS, STRUCTURES_FILE
from pipeline.sources.base import DensityRecord, DensitySource
from pipeline.sources.embedded import MODES_GRID, DftDensities
from pipeline.sources.iam import IamDensities
from pipeline.steps import command
from pipeline.steps.train import digest
from pipeline.tables import read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True, choices=get_args(CrystalSystem))
    parser.add_argument("--densities", required=True, choices=["iam", "dft"])
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--card", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params()
    device = best_device()
    source: DensitySource = (
        IamDensities(GAUSSIANS, device)
        if arguments.densities == "iam"
        else DftDensities(DATA / DFT_FILE, params.densities.electron_tolerance)
    )
    crystals = chosen_crystals(params, arguments.system, source)
    training, validation = (
        tensors(params, crystals[crystals["split"] == split], source) for split in ("train", "val")
    )
    realism = Realism(params.solve.realism, params.patterns)
    validation = as_measured(validation, realism, params.seed)
    settings = params.solve_training("pretrain" if arguments.densities == "iam" else "finetune")
    start = None if arguments.start is None else load_model(arguments.start, params.patterns)
    identity = fingerprint(
        params.solve.network,
        settings,
        "any",
        params.seed,
        training,
        validation,
        start,
        realism,
    )
    name = f"{arguments.system}-solve-{arguments.densities}"
    print(
        f"{name}: {len(training)} crystals, {source.label}, {settings.epochs} epochs on "
        f"{hardware(device, 1)}",
        flush=True,
    )
    run_dir = store.WORK / "training" / identity[:16]
    with locked(run_dir):
        result = train(
            params.solve.network,
            settings,
            training,
            validation,
            composition_input="any",
            run_dir=run_dir,
            seed=params.seed,
            device=device,
            progress=lambda line: print(f"{name}: {line}", flush=True),
            start=start,
            realism=realism,
        )
    notes = {"composition_input": "any", "system": arguments.system}
    notes["density_source"] = source.name
    save_weights(arguments.weights, result.model, params.patterns, notes, torch.bfloat16)
    write_card(
        arguments.card,
        ModelCard(
            name=name,
            system=arguments.system,
            composition_input="any",
            pattern_input="realistic",
            pattern=params.patterns,
            density_source=source.label,
            data_sha256=digest(training, validation),
            weights_sha256=sha256(arguments.weights),
            parameters=result.model.parameter_count,
            settings=CardSettings(
                network=params.solve.network, training=settings, seed=params.seed
            ),
            hardware=hardware(device, 1),
            seconds=round(result.seconds, 1),
            epochs=result.epochs,
            best_validation_ssim=result.best_ssim,
            licence=LICENCE,
        ),
    )


def chosen_crystals(params: Params, system: str, source: DensitySource) -> pd.DataFrame:
    """The embedded crystals that a solve model may see, with the paper's split.

    Left out are the paper's test crystals, those measured patterns are of, and every crystal that
    shares formula and space group with one of these.
    """
    frame = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS)
    group = frame["formula_pretty"] + " " + frame["spacegroup_number"].astype(str)
    measured = json.loads((DATA / "measured_patterns" / "manifest.json").read_bytes())
    kept_out = set(group[frame["split"] == "test"])
    kept_out |= {f"{each['formula']} {each['spacegroup_number']}" for each in measured}
    frame = frame[~group.isin(kept_out) & frame["split"].isin(["train", "val"])]
    available = source.available()
    if available is not None:
        frame = frame[frame["material_id"].isin(available)]
    frame = frame[frame["crystal_system"] == system].reset_index(drop=True)
    most = params.solve.crystals
    if available is None and most is not None and len(frame) > most:
        frame = frame.sample(most, random_state=params.seed).sort_index()
    if frame.empty:
        raise CrystalNetError(
            f"{DATA / STRUCTURES_FILE}: no {system} crystal to train on; it holds cubic and "
            "trigonal ones"
        )
    return frame


def tensors(params: Params, frame: pd.DataFrame, source: DensitySource) -> CrystalTensors:
    """Perfect patterns, molar fractions and densities of crystals."""
    crystals = crystals_of(frame)
    spec, grid = params.patterns, params.solve.grid
    two_theta = spec.two_theta_range
    patterns = [
        bin_pattern(powder_pattern(crystal, spec.wavelength, two_theta), spec.bins, two_theta)
        for crystal in command.progress(crystals, "patterns")
    ]
    densities = np.empty((len(crystals), grid, grid, grid), dtype=np.float16)
    # Densities are compared at points of a fine grid: a coarse one takes every n-th of them.
    every = 1 if source.name == "iam" else max(1, MODES_GRID // grid)
    records = source.densities(crystals, every * grid)
    for record, density in zip(command.progress(records, "densities"), densities, strict=True):
        assert isinstance(record, DensityRecord)
        density[:] = record.density[::every, ::every, ::every]
    return CrystalTensors(
        material_ids=frame["material_id"].tolist(),
        patterns=torch.from_numpy(np.stack(patterns).astype(np.float32)),
        formulas=torch.from_numpy(
            np.stack([molar_fractions(c.atomic_numbers) for c in crystals]).astype(np.float32)
        ),
        densities=torch.from_numpy(densities),
        lattices=torch.from_numpy(np.stack([c.lattice for c in crystals])),
    )


def as_measured(crystals: CrystalTensors, realism: Realism, seed: int) -> CrystalTensors:
    """The same crystals with patterns and compositions as people have them, drawn once."""
    generator = derived_generator(torch.device("cpu"), seed, "as measured")
    return CrystalTensors(
        crystals.material_ids,
        realistic_patterns(crystals.patterns, realism, generator),
        partial_compositions(crystals.formulas, generator),
        crystals.densities,
        crystals.lattices,
    )


if __name__ == "__main__":
    command.run(main)

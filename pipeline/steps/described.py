"""Describe the embedded crystals of one system: canonical settings, and the lines of patterns.

Beside them stand substitutes of the training crystals (`crystalnet.retrieval.substitution`). A
crystal whose setting has no canonical description keeps that of its table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core import Composition

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.setting import Setting, best_standard, canonical_setting
from crystalnet.errors import CrystalNetError
from crystalnet.retrieval.substitution import substitute
from crystalnet.seeds import derived_seed
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.learned import SUBSTITUTE
from pipeline.params import load_params
from pipeline.sources import GAUSSIANS, structures_file
from pipeline.steps import command
from pipeline.steps.atomic_volumes import atomic_volumes, shares_of
from pipeline.tables import read_table, write_table

NO_STANDARD = 0
"""The Hall number of a crystal whose setting is that of its table."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    params = load_params()
    table = read_table(structures_file(arguments.system), CRYSTAL_COLUMNS)
    table = table[
        (table["crystal_system"] == arguments.system)
        & table["split"].isin(["train", "val", "test"])
    ].reset_index(drop=True)
    formulas = table["formula_pretty"].map(reduced_formula)
    groups = table["spacegroup_number"].astype(int)
    refuse_shared(table["split"], list(zip(formulas, groups, strict=True)))
    wavelength, last = params.patterns.wavelength, params.learned.last_two_theta
    rows = described_rows(table, wavelength, last)
    seed = derived_seed(params.seed, "substitutes", arguments.system)
    share = params.learned.substitutes[arguments.system]
    made = substituted(rows, share, wavelength, last, seed)
    write_table(arguments.output, pd.concat([rows, made]), {"system": arguments.system})


def substituted(
    rows: pd.DataFrame, share: float, wavelength: float, last: float, seed: int
) -> pd.DataFrame:
    """Substitutes of the training crystals that have a canonical setting.

    None has the formula and space group of a crystal that is kept out.

    Args:
        rows: all crystals of a system, described.
        share: how many, as a share of the training crystals.
    """
    training = rows["split"] == "train"
    standard = rows[training & (rows["hall_number"] != NO_STANDARD)].to_dict("records")
    if not (standard and share):
        return rows[:0]
    others = rows[~training]
    kept_out = set(zip(others["formula"], others["spacegroup_number"], strict=True))
    known = crystals_of(pd.DataFrame(standard))
    groups = [row["spacegroup_number"] for row in standard]
    count = round(share * len(known))
    weights = ValenceGaussians.load(GAUSSIANS).valence
    made = []
    for crystal, formula, of in command.progress(
        substitute(known, groups, volumes_of(known), kept_out, count, seed), "substitutes"
    ):
        setting = best_standard(crystal, standard[of]["hall_number"], weights)
        made.append(described(setting, formula, groups[of], SUBSTITUTE, wavelength, last))
    return pd.DataFrame(made, columns=rows.columns)


def described_rows(table: pd.DataFrame, wavelength: float, last: float) -> pd.DataFrame:
    """The crystals of a table, described anew.

    Args:
        wavelength, last: A and degrees, of the patterns.
    """
    weights = ValenceGaussians.load(GAUSSIANS).valence
    rows = []
    for crystal, formula, group, split in zip(
        command.progress(crystals_of(table), "canonical settings"),
        table["formula_pretty"],
        table["spacegroup_number"],
        table["split"],
        strict=True,
    ):
        try:
            setting = canonical_setting(crystal, weights)
        except CrystalNetError:
            setting = Setting(crystal, np.eye(3), np.zeros(3), NO_STANDARD)
        rows.append(
            described(setting, reduced_formula(formula), int(group), split, wavelength, last)
        )
    return pd.DataFrame(rows)


def described(
    setting: Setting, formula: str, group: int, split: str, wavelength: float, last: float
) -> dict[str, Any]:
    """One row of the table."""
    crystal = setting.crystal
    pattern = powder_pattern(crystal, wavelength, (0.0, last))
    return {
        "material_id": crystal.material_id,
        "formula": formula,
        "spacegroup_number": group,
        "hall_number": setting.hall_number,
        "split": split,
        "lattice": setting.crystal.lattice.ravel(),
        "atomic_numbers": setting.crystal.atomic_numbers.astype(np.int16),
        "frac_coords": setting.crystal.frac_coords.ravel(),
        "matrix": setting.matrix.ravel(),
        "shift": setting.shift,
        "q": (1 / pattern.d_spacing).astype(np.float32),
        "intensity": pattern.intensity.astype(np.float32),
    }


def reduced_formula(formula: str) -> str:
    return str(Composition(formula).reduced_formula)


def refuse_shared(splits: pd.Series, keys: Sequence[tuple[str, int]]) -> None:
    """Refuse a training crystal that shares formula and space group with one that is kept out.

    Raises:
        CrystalNetError: naming the first.
    """
    training = {key for key, split in zip(keys, splits, strict=True) if split == "train"}
    for key, split in zip(keys, splits, strict=True):
        if split != "train" and key in training:
            raise CrystalNetError(
                f"{key[0]} in space group {key[1]} is in the splits train and {split}; "
                "leave it out of train"
            )


def volumes_of(crystals: Sequence[Crystal]) -> np.ndarray:
    """A^3 an atom by atomic number, fitted to crystals; the mean where an element is in none."""
    fitted = atomic_volumes(*shares_of(crystals))
    return np.where(fitted > 0, fitted, fitted[fitted > 0].mean())


if __name__ == "__main__":
    command.run(main)

"""From the scores of each crystal to figures about all of them, ready for JSON."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError

# What a table of per-crystal scores holds: column name to one value a crystal.
Columns = dict[str, Float[ndarray, " crystals"]]

# A figure that is not finite (an empty share, the PSNR of a perfect guess) becomes null.
Figures = dict[str, float | None]

_RESAMPLES = 1000


def summarise(columns: Mapping[str, Float[ndarray, " crystals"]], seed: int) -> dict[str, Figures]:
    """Figures of each column over its crystals.

    `mean`, `std` (population, as the paper's), `median`, `lower_quartile`, `upper_quartile`,
    `mean_low` and `mean_high` (95 % percentile bootstrap interval of the mean, crystals drawn with
    replacement; Efron 1979, doi 10.1214/aos/1176344552), and for SSIM columns `share_below_half`,
    the share of crystals below 0.5.

    Args:
        columns: one value a crystal, as `score_crystals` gives them.
        seed: of the bootstrap; the same draw of crystals serves every column.

    Raises:
        CrystalNetError: for columns without crystals or of different lengths.
    """
    crystals = _number_of_crystals(columns)
    draws = np.random.default_rng(seed).integers(crystals, size=(_RESAMPLES, crystals))
    return {name: _figures(name, values, draws) for name, values in columns.items()}


def summarise_groups(
    columns: Mapping[str, Float[ndarray, " crystals"]], labels: Sequence[str | int], seed: int
) -> dict[str, dict[str, Figures | int]]:
    """`summarise` for the crystals of each label, with their number under `crystals`.

    Args:
        columns: one value a crystal.
        labels: one a crystal: its space group, prototype or number of atoms, say.
        seed: of the bootstrap.

    Raises:
        CrystalNetError: if there is not one label for each crystal.
    """
    crystals = _number_of_crystals(columns)
    if len(labels) != crystals:
        raise CrystalNetError(f"{len(labels)} labels for {crystals} crystals; want one for each")
    groups: dict[str | int, list[int]] = {}
    for crystal, label in enumerate(labels):
        groups.setdefault(label, []).append(crystal)
    return {
        str(label): {
            "crystals": len(members),
            **summarise({name: values[members] for name, values in columns.items()}, seed),
        }
        for label, members in sorted(groups.items(), key=lambda item: (-len(item[1]), str(item[0])))
    }


def _figures(name: str, values: Float[ndarray, " crystals"], draws: ndarray) -> Figures:
    # The PSNR of a perfect guess is infinite, and so are figures in which it takes part.
    with np.errstate(invalid="ignore"):
        low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
        lower, upper = np.percentile(values, [25, 75])
        figures = {
            "mean": values.mean(),
            "std": values.std(),
            "median": np.median(values),
            "lower_quartile": lower,
            "upper_quartile": upper,
            "mean_low": low,
            "mean_high": high,
        }
    if name.startswith("ssim"):
        figures["share_below_half"] = (values < 0.5).mean()
    return {key: float(x) if math.isfinite(x) else None for key, x in figures.items()}


def _number_of_crystals(columns: Mapping[str, Float[ndarray, " crystals"]]) -> int:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise CrystalNetError(
            f"the columns to summarise have the lengths {lengths}; want one value for each of the "
            "same crystals, and at least one crystal"
        )
    return next(iter(lengths.values()))

"""Perfect patterns made worse, one step at a time, and the curves of what that costs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, PowderPattern, powder_pattern
from crystalnet.crystallography.texture import Texture
from crystalnet.files import atomic_write
from crystalnet.solving.pattern.measured import MeasuredPeaks

CU_K_ALPHA = 1.54184
# Peaks below this of 100 are not seen.
FAINTEST = 0.5
Flaw = Callable[[Crystal, np.random.Generator], MeasuredPeaks]


ROCK_SALT = Crystal(
    "rock salt",
    5.64 / 2 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    np.array([11, 17]),
    np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]),
)


def simulated(
    wavelength: float = MO_K_ALPHA,
    last: float = 120.0,
    intensity: float = 0.0,
    position: float = 0.0,
    merged: float = 0.02,
    orientation: float = 1.0,
    impurity: float = 0.0,
) -> Flaw:
    """Peaks as they would be measured.

    Args:
        wavelength: A.
        last: end of the range, degrees of 2-theta; it starts at 5.
        intensity: relative standard deviation of the intensities.
        position: standard deviation of the positions, degrees.
        merged: peaks nearer than this, in degrees, are one.
        orientation: r of March and Dollase along c of the cell (doi 10.1107/S0021889886089458).
        impurity: height of the strongest peak of rock salt in the pattern, of 1.
    """

    def flaw(crystal: Crystal, generator: np.random.Generator) -> MeasuredPeaks:
        reach = (5.0, last)
        pattern = powder_pattern(crystal, wavelength, reach)
        two_theta, height = pattern.two_theta.copy(), pattern.intensity.copy()
        if orientation != 1:
            height *= textured(crystal, pattern, orientation)
        if impurity:
            other = powder_pattern(ROCK_SALT, wavelength, reach)
            two_theta = np.append(two_theta, other.two_theta)
            height = np.append(height, impurity * height.max() * other.intensity / 100)
        order = np.argsort(two_theta)
        two_theta, height = two_theta[order], height[order]
        group = np.append(0, np.cumsum(np.diff(two_theta) > merged))
        area = np.bincount(group, height)
        place = np.bincount(group, height * two_theta) / np.maximum(area, 1e-300)
        area *= np.clip(1 + intensity * generator.normal(size=len(area)), 0, None)
        place += position * generator.normal(size=len(place))
        seen = (area > FAINTEST / 100 * area.max()) & (place > 5) & (place < last)
        return MeasuredPeaks(place[seen], area[seen], wavelength, reach)

    return flaw


def textured(crystal: Crystal, pattern: PowderPattern, march: float) -> np.ndarray:
    """Of each peak what preferred orientation along c multiplies it by."""
    hkl = pattern.sphere.hkl(np.arange(len(pattern.sphere.g_squared)))
    vectors = hkl @ np.linalg.inv(crystal.lattice).T
    factor = Texture.about((0, 0, 1), crystal.lattice, vectors[None]).factor(march)
    return np.array([factor[a:b].mean() for a, b in zip(pattern.first, pattern.stop, strict=True)])


# A panel for each step away from a perfect pattern: its title, and what is varied.
PANELS: dict[str, dict[str, Flaw]] = {
    "range in degrees": {
        "Mo, 5-120": simulated(),
        "Cu, 5-120": simulated(CU_K_ALPHA),
        "Cu, 5-65": simulated(CU_K_ALPHA, 65),
    },
    "error of intensities": {
        "10 %": simulated(intensity=0.1),
        "20 %": simulated(intensity=0.2),
        "40 %": simulated(intensity=0.4),
    },
    "error of positions": {
        "0.02\u00b0": simulated(position=0.02),
        "0.05\u00b0": simulated(position=0.05),
    },
    "peaks merged within": {
        "0.2\u00b0": simulated(merged=0.2),
        "0.5\u00b0": simulated(merged=0.5),
    },
    "preferred orientation, r": {
        "0.8": simulated(orientation=0.8),
        "0.6": simulated(orientation=0.6),
    },
    "rock salt in it": {
        "5 %": simulated(impurity=0.05),
        "20 %": simulated(impurity=0.2),
    },
    "all at once": {
        "Cu, 5-65, 20 %, 0.02\u00b0, 0.2\u00b0, 0.8, 5 %": simulated(
            CU_K_ALPHA, 65, 0.2, 0.02, 0.2, orientation=0.8, impurity=0.05
        ),
    },
}


def curves() -> dict[str, Flaw]:
    """Steps away from a perfect pattern, one at a time and then all of them."""
    return {
        f"{panel}: {value}": flaw
        for panel, flaws in PANELS.items()
        for value, flaw in flaws.items()
    }


def plot_curves(shares: pd.DataFrame, path: Path) -> None:
    """Draw the shares at rank 1, a panel for each flaw; the first value is the perfect pattern.

    Args:
        shares: with the columns title, system and "rank 1 %".
        path: .png, .svg or .pdf.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    perfect = next(iter(curves()))
    panels = list(PANELS)[:-1]
    figure, axes = pyplot.subplots(
        1, len(panels), sharey=True, figsize=(12, 2.6), layout="constrained"
    )
    for axis, panel in zip(axes, panels, strict=True):
        names = [f"{panel}: {value}" for value in PANELS[panel]]
        labels = list(PANELS[panel])
        if perfect not in names:
            names, labels = [perfect, *names], ["none", *labels]
        for system, mark in (("cubic", "o"), ("trigonal", "s")):
            own = shares[shares["system"] == system].set_index("title")["rank 1 %"]
            axis.plot(labels, own.reindex(names), marker=mark, label=system)
        axis.set_title(panel, fontsize=9)
        axis.tick_params(labelsize=8)
        axis.grid(axis="y", alpha=0.3)
    axes[0].set_ylim(0, 103)
    axes[0].set_ylabel("right at rank 1 (%)", fontsize=9)
    axes[0].legend(fontsize=8, loc="lower left")
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110, format=path.suffix[1:])
    pyplot.close(figure)

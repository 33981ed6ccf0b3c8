"""A powder pattern as a vector of bins."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.diffraction import PowderPattern, checked_range
from crystalnet.errors import CrystalNetError


def bin_pattern(
    pattern: PowderPattern | tuple[Float[ndarray, " peaks"], Float[ndarray, " peaks"]],
    bins: int = 1024,
    two_theta_range: tuple[float, float] = (0.0, 180.0),
) -> Float[ndarray, " bins"]:
    """A pattern as a vector: the input of the network (paper, Methods).

    Bin floor(bins (2theta - first) / (last - first)) takes a peak, the last bin also one at the
    very end; of peaks that collide the largest stays; peaks outside the range are left out.

    Args:
        pattern: a PowderPattern, or two_theta (degrees) and intensity (any scale).
        bins: how many.
        two_theta_range: what they cover, in degrees.

    Returns:
        Intensities, the strongest of them 1.

    Raises:
        CrystalNetError: for less than one bin, a bad range, or no positive intensity in it.
    """
    if isinstance(pattern, PowderPattern):
        pattern = (pattern.two_theta, pattern.intensity)
    two_theta, intensity = pattern
    if bins < 1:
        raise CrystalNetError(f"a pattern in {bins} bins; want at least 1")
    first, last = checked_range("binning a pattern", two_theta_range)
    inside = (two_theta >= first) & (two_theta <= last)
    # In this order of operations the paper's range gives exactly floor(bins * 2theta / 180).
    index = (bins * (two_theta[inside] - first) / (last - first)).astype(np.int64)
    vector = np.zeros(bins)
    np.maximum.at(vector, np.minimum(index, bins - 1), intensity[inside])
    strongest = vector.max()
    if not (np.isfinite(strongest) and strongest > 0):
        raise CrystalNetError(
            f"binning a pattern: the strongest of {inside.sum()} peaks between {first} and {last} "
            f"degrees 2-theta is {strongest}; want a positive intensity"
        )
    binned: ndarray = vector / strongest
    return binned

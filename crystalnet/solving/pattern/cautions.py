"""What is wrong with how a pattern was measured, in sentences, before anything is made of it."""

import numpy as np

from crystalnet.solving.pattern.peaks import FoundPeaks
from crystalnet.solving.settings import USUAL, PeakSettings


def cautions(found: FoundPeaks, settings: PeakSettings = USUAL.peaks) -> list[str]:
    """Sentences for a person to read; none for a usual pattern or a list of peaks.

    Five points across the width of a peak and more are what a refinement wants: L. B. McCusker et
    al., J. Appl. Cryst. 32, 36 (1999), doi 10.1107/S0021889898009856.
    """
    if not found.noise:
        return []
    told = []
    highest = float((found.intensity - found.background).max())
    lowest = float(np.quantile(found.background, settings.lowest_background))
    least = settings.significant * found.noise / highest
    if lowest > settings.fluorescent * highest:
        told.append(
            f"the background is {lowest / highest:.1f} times as high as the highest peak all over "
            f"the pattern: the sample fluoresces, and peaks below {100 * least:.0f} % of the "
            "highest are lost in its noise; take another anode, or a detector that tells energies"
        )
    step = float(np.median(np.diff(found.two_theta)))
    across = float(np.median(found.width)) / step
    if across < settings.points_a_peak:
        told.append(
            f"a usual peak has {across:.1f} points across its half height: their areas and the "
            f"fit are coarse; measure in steps of {across * step / settings.points_wanted:.2g} "
            "degrees"
        )
    (first, last), peaks = found.peaks.two_theta_range, found.peaks.two_theta
    end = float(peaks.max())
    if least > settings.faintest and last - end > settings.silent * (last - first):
        told.append(
            f"beyond {end:.1f} degrees nothing stands out of the noise, which hides peaks below "
            f"{100 * least:.0f} % of the highest: what is measured there tells little"
        )
    return told

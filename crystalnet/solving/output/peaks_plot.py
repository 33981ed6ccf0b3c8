"""A picture of a measured pattern with what was made of it."""

import errno
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write, probe
from crystalnet.solving.pattern.peaks import FoundPeaks


def plot_peaks(found: FoundPeaks, path: Path | str) -> None:
    """Draw the pattern, its background, the fitted peaks and where they are.

    Args:
        path: .png, .svg or .pdf.

    Raises:
        CrystalNetError: for an ending that is not known, or a place that cannot be written to.
    """
    check_plot(path)
    path = Path(path)
    matplotlib.use("Agg")
    from matplotlib import pyplot

    peaks = found.peaks
    figure, axes = pyplot.subplots(figsize=(10, 4.5), constrained_layout=True)
    if found.width.any():
        axes.plot(found.two_theta, found.intensity, ".", ms=2, color="0.6", label="measured")
        axes.plot(found.two_theta, found.calculated, lw=1, color="#0072B2", label="fitted")
        axes.plot(found.two_theta, found.background, lw=1, color="#D55E00", label="background")
        height = np.interp(peaks.two_theta, found.two_theta, found.intensity)
    else:
        axes.vlines(peaks.two_theta, 0, peaks.intensity, lw=1, color="#0072B2", label="listed")
        height = peaks.intensity
    # As square roots, in which weak peaks are seen beside strong ones.
    axes.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))
    axes.plot(
        peaks.two_theta, height * 1.1, "v", ms=4, color="#009E73", label=f"{len(height)} peaks"
    )
    axes.set(xlabel=f"2-theta (degrees, {peaks.wavelength:.4f} A)", ylabel="intensity")
    axes.set_xlim(peaks.two_theta_range)
    axes.legend(frameon=False)
    with atomic_write(path) as partial:
        figure.savefig(partial, format=path.suffix.lstrip("."), dpi=150)
    pyplot.close(figure)


def check_plot(path: Path | str) -> None:
    """Make sure that a picture can be drawn at a path.

    Raises:
        CrystalNetError: as `plot_peaks`.
    """
    path = Path(path)
    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix.lstrip(".") not in known:
        raise CrystalNetError(f"{path}: cannot be drawn; want an ending such as .png, .svg or .pdf")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder is there")
        probe(path.parent)
    except OSError as error:
        raise CrystalNetError(
            f"{path}: cannot be written ({error.strerror}); choose another place"
        ) from None

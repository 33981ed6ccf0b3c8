"""Powder patterns in CIF (the pdCIF dictionary of the IUCr)."""

import re
from pathlib import Path

import gemmi
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.formats.cif_reflections import reflections
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import Choice, PatternFormat, RawPattern
from crystalnet.solving.pattern.radiation import radiation

# Items that hold intensities, the likelier first, those of a profile and those of peaks.
_PROFILE = (
    "_pd_meas_counts_total",
    "_pd_meas_intensity_total",
    "_pd_proc_intensity_total",
    "_pd_proc_intensity_net",
)
_PEAKS = ("_pd_peak_intensity", "_refln_intensity_meas")
_ANGLES = ("_pd_proc_2theta_corrected", "_pd_meas_2theta_scan", "_pd_peak_2theta_centroid")
_SPACINGS = ("_pd_proc_d_spacing", "_pd_peak_d_spacing", "_refln_d_spacing")
_WAVELENGTHS = ("_diffrn_radiation_wavelength", "_pd_proc_wavelength")


_FLIGHT = ("_pd_meas_time_of_flight", "_pd_proc_time_of_flight")
# Blanks of the line alone: over blank lines the time would go with their square.
_POWDER = re.compile(r"^[ \t]*_(?:pd_(?:meas|proc|peak)_|refln_F_squared_meas)", re.M)


def _recognises(content: Content) -> bool:
    """A CIF begins with a block or a loop; a heading data_... alone may stand above columns too."""
    if content.is_binary:
        return False
    lines = (line.strip().lower() for line in content.lines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if first.startswith("data_"):
        return any(line.startswith(("_", "loop_")) for line in lines)
    return first.split()[:1] in (["loop_"], ["global_"])


def _read(content: Content, choice: Choice) -> RawPattern:
    """The pattern of a CIF: a profile, peaks, or structure factors, whichever is there first.

    Raises:
        CrystalNetError: for what is no CIF, holds no powder pattern, or one of neutrons or
            electrons alone.
    """
    path, probes = content.path, set()
    try:
        document = gemmi.cif.read_string(content.text)
    except (ValueError, RuntimeError) as error:
        raise CrystalNetError(
            f"{path}: no CIF ({' '.join(str(error).split())[:120]}); mend it or give columns"
        ) from None
    said = next(
        (value for block in document for value in [_wavelength(block)] if value is not None), None
    )
    try:
        told = None if said is None else radiation(said)
    except CrystalNetError as error:
        raise CrystalNetError(f"{path}: {error}") from None
    for block in document:
        intensity = _first(block, (*_PROFILE, *_PEAKS))
        if intensity is None:
            continue
        probe = _other_probe(block)
        if probe is not None:
            probes.add(probe)
            continue
        positions: tuple[tuple[tuple[str, ...], Quantity], ...]
        positions = (_ANGLES, "two_theta"), (_SPACINGS, "d")
        for items, quantity in positions:
            position = _first(block, items)
            if position is not None and len(position) == len(intensity):
                return RawPattern(np.column_stack([position, intensity]), quantity, told)
        scanned = _scan(path, block, len(intensity))
        if scanned is not None:
            return RawPattern(np.column_stack([scanned, intensity]), "two_theta", told)
    for block in document:
        probe = _other_probe(block)
        if probe is not None:
            probes.add(probe)
            continue
        factors = reflections(path, block)
        if factors is not None:
            return RawPattern(factors, "d", told, structure_factors=True)
    if probes:
        raise CrystalNetError(
            f"{path}: a pattern of {' and '.join(sorted(probes))}; want X-rays: atoms scatter "
            "those by other laws"
        )
    raise CrystalNetError(
        f"{path}: a CIF without a powder pattern (_pd_meas_ or _pd_proc_ intensities with angles); "
        "give one that has it, or columns"
    )


def _other_probe(block: gemmi.cif.Block) -> str | None:
    """What a block says it was measured with, if that is no X-rays."""
    if any(block.find_values(item) for item in _FLIGHT):
        return "neutrons by time of flight"
    said = " ".join(
        gemmi.cif.as_string(block.find_value(item) or "").lower()
        for item in ("_diffrn_radiation_probe", "_diffrn_radiation_type", "_diffrn_source")
    )
    if re.search(r"x-?\s?ray|k.{0,6}alpha|synchrotron", said):
        return None
    return next((f"{probe}s" for probe in ("neutron", "electron") if probe in said), None)


def _first(block: gemmi.cif.Block, items: tuple[str, ...]) -> Float[ndarray, " rows"] | None:
    """The first of the items that is there with numbers."""
    for item in items:
        values = [gemmi.cif.as_number(value) for value in block.find_values(item)]
        if len(values) > 1 and np.isfinite(values).any():
            return np.array(values)
    return None


def _scan(path: Path, block: gemmi.cif.Block, points: int) -> Float[ndarray, " points"] | None:
    """Angles from the ends and the step of a scan."""
    for kind in ("_pd_meas_2theta_range_", "_pd_proc_2theta_range_"):
        low, high, step = (_number(block, kind + end) for end in ("min", "max", "inc"))
        if low is None or high is None:
            continue
        if step is not None and abs(low + step * (points - 1) - high) > abs(step):
            raise CrystalNetError(
                f"{path}: {points} intensities do not fit {kind}: {low} to {high} by {step}; "
                "mend one of them"
            )
        return np.linspace(low, high, points)
    return None


def _wavelength(block: gemmi.cif.Block) -> float | None:
    """The wavelength in A; of several the mean by their weights."""
    for item in _WAVELENGTHS:
        values = [gemmi.cif.as_number(value) for value in block.find_values(item)]
        if values and np.isfinite(values).all():
            weights = [
                gemmi.cif.as_number(value)
                for value in block.find_values("_diffrn_radiation_wavelength_wt")
            ]
            fits = len(weights) == len(values) and np.isfinite(weights).all() and sum(weights) > 0
            return float(np.average(values, weights=weights if fits else None))
    return None


def _number(block: gemmi.cif.Block, item: str) -> float | None:
    value = block.find_value(item)
    number = gemmi.cif.as_number(value) if value else np.nan
    return float(number) if np.isfinite(number) else None


FORMAT = PatternFormat(
    "powder CIF",
    endings=(),
    shared_endings=(".cif",),
    recognises=_recognises,
    may_hold_pattern=lambda content: _POWDER.search(content.text) is not None,
    read=_read,
)

"""The computed powder pattern of a candidate as a table."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.diffraction import PowderPattern, powder_pattern
from crystalnet.files import atomic_write
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.symmetry.conventional import ConventionalCell, conventional_cell


@dataclass(frozen=True, eq=False)
class IndexedPattern:
    """The peaks that the atoms of a candidate give over the measured range.

    Attributes:
        two_theta: degrees.
        d_spacing: A.
        intensity: of atoms at rest, strongest = 100.
        damped: with the displacement that agrees best, strongest = 100.
        families: of each peak, (hkl, multiplicity) of its symmetric reflections, in the
            conventional cell.
    """

    two_theta: Float[ndarray, " peaks"]
    d_spacing: Float[ndarray, " peaks"]
    intensity: Float[ndarray, " peaks"]
    damped: Float[ndarray, " peaks"]
    families: list[list[tuple[tuple[int, int, int], int]]]


def indexed_pattern(candidate: Candidate, measured: MeasuredPeaks) -> IndexedPattern:
    """The computed pattern of a candidate, in its conventional cell.

    In that cell symmetric reflections have exactly one 2-theta, whatever the last digits of the
    lattice that it was solved in.

    Raises:
        CrystalNetError: for an element without form factor or no reflection in the range.
    """
    cell = conventional_cell(candidate.crystal, candidate.space_group)
    pattern = powder_pattern(cell.crystal, measured.wavelength, measured.two_theta_range)
    damped = pattern.intensity * np.exp(
        -2 * candidate.match.displacement / (2 * pattern.d_spacing) ** 2
    )
    return IndexedPattern(
        pattern.two_theta,
        pattern.d_spacing,
        pattern.intensity,
        100 * damped / damped.max(),
        _families(pattern, cell),
    )


def write_pattern(path: Path | str, candidate: Candidate, measured: MeasuredPeaks) -> None:
    """Write the computed peaks as CSV, one row a peak, below comments that begin with #.

    Reflections that fall together stand in one row, separated by semicolons.

    Raises:
        CrystalNetError: as `indexed_pattern`.
    """
    pattern = indexed_pattern(candidate, measured)
    first, last = measured.two_theta_range
    text = io.StringIO()
    text.write(
        f"# {candidate.label}: powder pattern computed by CrystalNet\n"
        f"# wavelength {measured.wavelength:.6g} A, {first:.6g} to {last:.6g} degrees 2-theta\n"
        "# two_theta: degrees; d: A; intensity: area, strongest = 100, atoms at rest, with\n"
        "# Lorentz and polarisation factors; h k l: in the conventional cell of the CIF;\n"
        "# multiplicity: symmetric reflections; families of one peak are separated by ;\n"
        f"# agreement with the measured peaks at B = {candidate.match.displacement:g} A^2: "
        f"Rwp {candidate.match.rwp:.4f}, correlation {candidate.match.correlation:.4f}\n"
    )
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["two_theta", "d", "intensity", "h k l", "multiplicity"])
    for two_theta, d, intensity, families in zip(
        pattern.two_theta, pattern.d_spacing, pattern.intensity, pattern.families, strict=True
    ):
        hkl = "; ".join(" ".join(map(str, hkl)) for hkl, _ in families)
        multiplicity = "; ".join(str(count) for _, count in families)
        rows.writerow([f"{two_theta:.5f}", f"{d:.6f}", f"{intensity:.4f}", hkl, multiplicity])
    with atomic_write(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _families(
    pattern: PowderPattern, cell: ConventionalCell
) -> list[list[tuple[tuple[int, int, int], int]]]:
    """Of each peak, the reflections that symmetry makes equal; absent ones are left out."""
    count = pattern.stop - pattern.first
    peak = np.arange(len(count)).repeat(count)
    before = pattern.first - np.append(0, np.cumsum(count)[:-1])
    hkl = pattern.sphere.hkl(np.arange(len(peak)) + before.repeat(count))
    rows = np.column_stack([peak, _greatest(hkl, cell.rotations)])
    found, sizes = np.unique(rows, axis=0, return_counts=True)
    group = gemmi.GroupOps(cell.operations)
    families: list[list[tuple[tuple[int, int, int], int]]] = [[] for _ in count]
    for (index, h, k, ell), size in zip(found.tolist(), sizes.tolist(), strict=True):
        if not group.is_systematically_absent([h, k, ell]):
            # Of each Friedel pair one was counted.
            families[index].append(((h, k, ell), 2 * size))
    return families


def _greatest(
    hkl: Int[ndarray, "reflections 3"], rotations: Int[ndarray, "operations 3 3"]
) -> Int[ndarray, "reflections 3"]:
    """Of all symmetric reflections (Friedel's law included) the one that sorts last."""
    best = hkl
    for rotation in np.unique(rotations, axis=0):
        for image in (hkl @ rotation, -hkl @ rotation):
            later = _key(image) > _key(best)
            best = np.where(later[:, None], image, best)
    return best


def _key(hkl: Int[ndarray, "reflections 3"]) -> Int[ndarray, " reflections"]:
    """Numbers that sort by how few indices are negative, then by h, k and l."""
    packed = hkl @ np.array([1 << 40, 1 << 20, 1])
    return np.asarray(packed - ((hkl < 0).sum(axis=1) << 57))

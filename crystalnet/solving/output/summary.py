"""What was found and what it was found from, for programs to read."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from crystalnet.files import atomic_write
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.foreign import NO_FOREIGN, ForeignPeaks
from crystalnet.solving.symmetry.conventional import conventional_cell
from crystalnet.solving.verdict.judgement import Verdict

LATTICE = ("a", "b", "c", "alpha", "beta", "gamma")


def summary(
    candidates: Sequence[Candidate],
    told: Mapping[str, Any],
    verdict: Verdict | None = None,
    foreign: ForeignPeaks = NO_FOREIGN,
) -> dict[str, Any]:
    """The candidates in the order given, and what they were found from.

    Args:
        candidates: at any ranks.
        told: anything that JSON can hold, paths and arrays included: pattern file, wavelength,
            composition, lattice, range, known structures by their checksums, seconds. The version
            of this program is added.
        verdict: how far the first candidate can be trusted, if that was asked.
        foreign: peaks that are of no line of the first candidate.

    Returns:
        `told`, `verdict` (its word, reasons and figures, or null), `foreign` (`ForeignPeaks`) and
        `candidates`; lengths in A, angles in degrees, the displacement B in A^2, Rwp as a
        fraction. `lattice_fit` and `fit` are of the measured profile (`ProfileFit`,
        `StructureFit`), their numbers with standard deviations. File names are relative to the
        folder of the summary.
    """
    return {
        "told": {"version": version("crystalnet"), **told},
        "verdict": None if verdict is None else verdict.told(),
        "foreign": foreign.told(),
        "candidates": [_entry(candidate) for candidate in candidates],
    }


def write_summary(
    path: Path | str,
    candidates: Sequence[Candidate],
    told: Mapping[str, Any],
    verdict: Verdict | None = None,
    foreign: ForeignPeaks = NO_FOREIGN,
) -> None:
    """Write `summary` as JSON; what is not finite becomes null."""
    write_json(path, summary(candidates, told, verdict, foreign))


def write_json(path: Path | str, content: Mapping[str, Any]) -> None:
    """Write anything that JSON can hold, paths and arrays included; what is not finite is null."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    text = orjson.dumps(content, default=str, option=options)
    with atomic_write(path) as temporary:
        temporary.write_bytes(text)


def _entry(candidate: Candidate) -> dict[str, Any]:
    cell = conventional_cell(candidate.crystal, candidate.space_group)
    return {
        "rank": candidate.rank,
        "label": candidate.label,
        "formula": candidate.formula,
        "space_group": {
            "symbol": candidate.space_group_symbol,
            "number": candidate.space_group,
        },
        "lattice": {
            name: round(value, 6) for name, value in zip(LATTICE, cell.parameters, strict=True)
        },
        "volume": round(cell.crystal.volume, 5),
        "atoms": len(cell.crystal.atomic_numbers),
        "atoms_in_solved_cell": len(candidate.crystal.atomic_numbers),
        "rwp": candidate.match.rwp,
        "correlation": candidate.match.correlation,
        "displacement_b": candidate.match.displacement,
        "system": candidate.system,
        "centring": candidate.centring,
        "analogue_of": candidate.analogue_of,
        "lattice_fit": None if candidate.lattice_fit is None else candidate.lattice_fit.told(),
        "fit": None if candidate.fit is None else candidate.fit.told(),
        "files": [f"{candidate.folder}/{name}" for name in candidate.files],
    }

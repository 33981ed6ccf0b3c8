"""What is asked about a pattern: checked before any work, and kept beside the answer."""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import Path
from typing import Any, get_args

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256
from crystalnet.predicting.learned import checksums_of_known
from crystalnet.solving.arguments import a_number, check_lattice, composition, one_of
from crystalnet.solving.budget import Budget
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.radiation import Radiation, radiation
from crystalnet.solving.pattern.regions import Regions
from crystalnet.solving.search.cell_limits import CellLimits
from crystalnet.solving.search.given_group import check_system, group_number
from crystalnet.solving.settings import USUAL, SolveSettings

MOST_EFFORT = 1000
# Seeds fit into 63 bits, as those that are derived from them do.
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Question:
    """Everything that decides what comes out for a pattern; as the arguments of `solve`.

    Raises:
        CrystalNetError: for a value that makes no sense, or a composition that cannot be read.
    """

    wavelength: str | float | None = None
    formula: str | None = None
    elements: tuple[str, ...] | None = None
    complete: bool = True
    system: str | None = None
    lattice: tuple[float, ...] | None = None
    space_group: str | int | None = None
    quantity: str | None = None
    peaks: bool | None = None
    columns: tuple[int, ...] | None = None
    scan: int | None = None
    two_theta_range: tuple[float, ...] | None = None
    excluded: tuple[tuple[float, ...], ...] = ()
    impurities: tuple[float, ...] = ()
    units: int | None = None
    density: float | None = None
    seed: int = 0
    effort: float = 1.0
    time_limit: float | None = None
    settings: SolveSettings = USUAL

    def __post_init__(self) -> None:
        a_number("seed", self.seed, Integral)
        a_number("effort", self.effort, Real)
        a_number("time limit", 1.0 if self.time_limit is None else self.time_limit, Real)
        if not 0 <= self.seed <= LARGEST_SEED:
            raise CrystalNetError(f"the seed {self.seed}; want 0 to 2^63 - 1")
        if not 0 <= self.effort <= MOST_EFFORT:
            raise CrystalNetError(f"an effort of {self.effort}; want 0 (none) to {MOST_EFFORT}")
        Budget(self.time_limit)
        if not isinstance(self.settings, SolveSettings):
            raise CrystalNetError(f"the settings {self.settings!r}; want SolveSettings(...)")
        if self.system is not None:
            kind_of(self.system)
        one_of("quantity", self.quantity, get_args(Quantity))
        if self.lattice is not None:
            check_lattice(self.lattice)
        if self.units is not None:
            a_number("Z", self.units, Integral)
            if self.formula is None:
                raise CrystalNetError(f"Z = {self.units} without a formula; give the formula too")
        if self.density is not None:
            a_number("density", self.density, Real)
            if not self.known.complete:
                raise CrystalNetError(
                    f"a density of {self.density} g/cm^3 says nothing without a formula or all "
                    "elements; give them too"
                )
        if self.group is not None and self.system is not None:
            check_system(self.group, self.system)
        # Read here, so that what cannot be read is said before anything else is done.
        assert self.known is not None
        assert self.radiation is None or self.radiation.wavelength
        assert self.regions is not None
        assert self.limits is not None

    @cached_property
    def known(self) -> KnownComposition:
        """What is known of the composition."""
        return composition(self.formula, self.elements, self.complete)

    @cached_property
    def group(self) -> int | None:
        """Number of the space group, if it was given."""
        return None if self.space_group is None else group_number(self.space_group)

    @cached_property
    def radiation(self) -> Radiation | None:
        """What it was measured with, if that was given."""
        return None if self.wavelength is None else radiation(self.wavelength)

    @cached_property
    def regions(self) -> Regions:
        """What of the pattern counts."""
        half_width = self.settings.reading.impurity
        return Regions.of(self.two_theta_range, self.excluded, self.impurities, half_width)

    @cached_property
    def limits(self) -> CellLimits:
        """How much a cell holds, if that was given."""
        return CellLimits(self.units, self.density)

    def told(self, pattern: Path) -> dict[str, Any]:
        """The question in words and numbers that JSON can hold, with what else decides the answer.

        The pattern and the known structures are told by their checksums: neither hangs on a name.
        """
        return {
            "pattern_sha256": sha256(pattern),
            "wavelength_given": self.wavelength,
            "formula": self.formula,
            "elements": None if self.elements is None else list(self.elements),
            "elements_complete": self.complete,
            "system": self.system,
            "lattice_A": None if self.lattice is None else list(self.lattice),
            "space_group": self.group,
            "quantity": self.quantity,
            "is_list_of_peaks": self.peaks,
            "columns": None if self.columns is None else list(self.columns),
            "scan": self.scan,
            "two_theta_range_given": None
            if self.two_theta_range is None
            else list(self.two_theta_range),
            "excluded": [list(each) for each in self.excluded],
            "impurity_lines": list(self.impurities),
            "formula_units": self.units,
            "density_g_cm3": self.density,
            "seed": self.seed,
            "effort": self.effort,
            "time_limit_s": self.time_limit,
            "settings": json.loads(json.dumps(self.settings.changed())),
            "known_structures": checksums_of_known(),
            "version": version("crystalnet"),
        }

    def answered_by(self, summary: Path, pattern: Path) -> bool:
        """Whether a summary holds the whole answer to this question about a pattern.

        Where nothing was cut short, another limit of time is no other question.
        """
        try:
            told = json.loads(summary.read_text(encoding="utf-8"))["told"]
            asked = self.told(pattern)
            if told["cut_short"] is None:
                del asked["time_limit_s"]
            elif told["interrupted"]:
                return False
            return all(told[name] == value for name, value in asked.items())
        except (OSError, ValueError, KeyError, TypeError):
            return False

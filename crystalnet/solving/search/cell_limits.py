"""How much a cell holds, where that is known: formula units, or the density."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymatgen.core import Element

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds.lattice_kind import POINTS
from crystalnet.solving.search.cell_contents import cell_contents
from crystalnet.solving.settings import USUAL, ContentsSettings

# g/cm^3 of a cell of one atomic mass unit in 1 A^3: CODATA 2018.
DENSITY = 1.66053906660
DENSITIES = (0.05, 30.0)
"""g/cm^3 between which crystals lie: aerogels are none, and osmium has 22.6."""
MOST_UNITS = 1000


@dataclass(frozen=True)
class CellLimits:
    """What is known of how much a cell holds.

    Attributes:
        units: formula units in the conventional cell (Z).
        density: g/cm^3, right to `ContentsSettings.density_within`.

    Raises:
        CrystalNetError: for a number that no crystal has.
    """

    units: int | None = None
    density: float | None = None

    def __post_init__(self) -> None:
        if self.units is not None and not 1 <= self.units <= MOST_UNITS:
            raise CrystalNetError(f"Z = {self.units}; want 1 to {MOST_UNITS} formula units a cell")
        if self.density is not None and not DENSITIES[0] <= self.density <= DENSITIES[1]:
            raise CrystalNetError(
                f"a density of {self.density} g/cm^3; want {DENSITIES[0]} to {DENSITIES[1]:.0f}"
            )

    @property
    def known(self) -> bool:
        """Whether anything is."""
        return self.units is not None or self.density is not None

    def allow(
        self,
        counts: Mapping[int, int],
        known: KnownComposition,
        lattice: IndexedLattice,
        settings: ContentsSettings = USUAL.contents,
    ) -> bool:
        """Whether atoms of each atomic number in a primitive cell may be what is known."""
        if self.units is not None and known.amounts is not None:
            wanted = self.units * sum(known.amounts)
            if sum(counts.values()) * POINTS[lattice.centring] != wanted:
                return False
        if self.density is None:
            return True
        mass = sum(n * float(Element.from_Z(z).atomic_mass) for z, n in counts.items())
        ratio = DENSITY * mass / lattice.volume / self.density
        return abs(ratio - 1) <= settings.density_within


FREE = CellLimits()
"""Nothing is known."""


def contents_within(
    limits: CellLimits,
    known: KnownComposition,
    lattice: IndexedLattice,
    settings: ContentsSettings = USUAL.contents,
) -> list[dict[int, int]]:
    """Atoms of each atomic number that a primitive cell may hold, the likeliest first.

    With a formula and limits nothing else is asked: a crystal may be emptier or denser than usual.
    """
    if known.amounts is None or not limits.known:
        found = cell_contents(known, lattice.volume, settings)
        return [each for each in found if limits.allow(each, known, lattice, settings)]
    unit = dict(zip(known.elements, known.amounts, strict=True))
    most = 1 + int(lattice.volume)
    if limits.units is not None:
        most = min(most, limits.units)
    counts = ({z: n * many for z, n in unit.items()} for many in range(1, most + 1))
    return [each for each in counts if limits.allow(each, known, lattice, settings)]


def check_limits(
    limits: CellLimits,
    known: KnownComposition,
    lattices: Sequence[IndexedLattice],
    settings: ContentsSettings = USUAL.contents,
) -> None:
    """See to it that the cell of one of some lattices may hold what is known.

    Raises:
        CrystalNetError: if none can.
    """
    if not limits.known or any(contents_within(limits, known, each, settings) for each in lattices):
        return
    said = [f"Z = {limits.units}" if limits.units is not None else ""]
    said += [f"{limits.density} g/cm^3" if limits.density is not None else ""]
    cells = ", ".join(
        f"{each.system} {each.centring} of {each.volume * POINTS[each.centring]:.1f} A^3"
        for each in lattices[:3]
    )
    raise CrystalNetError(
        f"{' and '.join(filter(None, said))} fits none of the lattices ({cells}); check it, or "
        "leave it out"
    )

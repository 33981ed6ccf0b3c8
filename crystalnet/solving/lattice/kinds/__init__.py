"""The crystal systems whose lattices are known: a module for each, and a line here."""

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.kinds.cubic import Cubic
from crystalnet.solving.lattice.kinds.hexagonal import Hexagonal, Rhombohedral
from crystalnet.solving.lattice.kinds.lattice_kind import LatticeKind
from crystalnet.solving.lattice.kinds.monoclinic import Monoclinic
from crystalnet.solving.lattice.kinds.orthorhombic import Orthorhombic
from crystalnet.solving.lattice.kinds.tetragonal import Tetragonal
from crystalnet.solving.lattice.kinds.triclinic import Triclinic

KINDS: dict[str, LatticeKind] = {
    Cubic.system: Cubic(),
    Hexagonal.system: Hexagonal(),
    Rhombohedral.system: Rhombohedral(),
    Tetragonal.system: Tetragonal(),
    Orthorhombic.system: Orthorhombic(),
    Monoclinic.system: Monoclinic(),
    Triclinic.system: Triclinic(),
}
"""By the name of the crystal system, of high symmetry first."""

# Number of the last space group of each crystal system (International Tables A).
LAST_GROUPS = {
    "triclinic": 2,
    "monoclinic": 15,
    "orthorhombic": 74,
    "tetragonal": 142,
    "trigonal": 167,
    "hexagonal": 194,
    "cubic": 230,
}


def kind_of(system: str) -> LatticeKind:
    """The lattices of a crystal system.

    Raises:
        CrystalNetError: for one that is not known.
    """
    if system not in KINDS:
        raise CrystalNetError(f"the crystal system {system!r}; want {' or '.join(KINDS)}")
    return KINDS[system]


def lattices_of(system: str) -> tuple[str, ...]:
    """The kinds of lattice that crystals of a system may have.

    Trigonal ones are rhombohedral, or have a hexagonal lattice.

    Raises:
        CrystalNetError: for one that is not known.
    """
    kind = kind_of(system)
    return (kind.system, "hexagonal") if system == "trigonal" else (kind.system,)


def crystal_systems_of(lattice: str) -> tuple[str, ...]:
    """The systems of crystals that may have a kind of lattice: the other way round."""
    return tuple(system for system in KINDS if lattice in lattices_of(system))


def crystal_system_of(group: int) -> str:
    """The crystal system of a space group, by its number from 1 to 230."""
    return next(system for system, last in LAST_GROUPS.items() if group <= last)

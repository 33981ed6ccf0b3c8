"""The crystal systems whose lattices are known: a module for each, and a line here."""

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.kinds.cubic import Cubic
from crystalnet.solving.lattice.kinds.hexagonal import Hexagonal
from crystalnet.solving.lattice.kinds.lattice_kind import LatticeKind

KINDS: dict[str, LatticeKind] = {
    Cubic.system: Cubic(),
    Hexagonal.system: Hexagonal(),
}


def kind_of(system: str) -> LatticeKind:
    """The lattices of a crystal system.

    Raises:
        CrystalNetError: for one that is not known.
    """
    if system not in KINDS:
        raise CrystalNetError(f"the crystal system {system!r}; want {' or '.join(KINDS)}")
    return KINDS[system]

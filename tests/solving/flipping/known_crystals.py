"""Crystals of every kind of symmetry, their lattices and computed patterns."""

from pymatgen.core import Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import CELL
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.symmetry.conventional import space_group_of

CU = 1.5406
# Group, lattice, elements, places; the number of free coordinates beyond the origin is in the name.
CRYSTALS = {
    "baddeleyite, 9 free": ("P2_1/c", Lattice.monoclinic(5.150, 5.212, 5.317, 99.23),
        ["Zr", "O", "O"],
        [[0.2754, 0.0395, 0.2083], [0.0700, 0.3317, 0.3447], [0.4496, 0.7569, 0.4792]]),
    "barite, 11 free": ("Pnma", Lattice.orthorhombic(8.884, 5.456, 7.157),
        ["Ba", "S", "O", "O", "O"],
        [[0.1845, 0.25, 0.1585], [0.4370, 0.75, 0.1910], [0.5870, 0.75, 0.1060],
         [0.3180, 0.75, 0.0500], [0.4190, 0.9700, 0.3120]]),
    "triclinic, 12 free": ("P-1", Lattice.from_parameters(5.1, 6.3, 7.2, 81.0, 103.0, 97.0),
        ["Ba", "Ti", "O", "O"],
        [[0.74, 0.53, 0.82], [0.56, 0.12, 0.64], [0.17, 0.82, 0.68], [0.94, 0.63, 0.23]]),
    "polar, 8 free": ("P2_1", Lattice.monoclinic(4.9, 5.6, 6.3, 105.0),
        ["Sr", "Se", "O"],
        [[0.23, 0.11, 0.17], [0.71, 0.35, 0.33], [0.55, 0.12, 0.86]]),
    "MoSi2, 1 free": ("I4/mmm", Lattice.tetragonal(3.203, 7.855), ["Mo", "Si"],
        [[0, 0, 0], [0, 0, 0.3353]]),
    "quartz, 4 free": ("P3_121", Lattice.hexagonal(4.913, 5.405), ["Si", "O"],
        [[0.4697, 0, 1 / 3], [0.4135, 0.2669, 0.4525]]),
}  # fmt: skip


def crystal_of(name: str) -> tuple[Structure, Structure]:
    group, lattice, elements, places = CRYSTALS[name]
    structure = Structure.from_spacegroup(group, lattice, elements, places)
    return structure, structure.get_primitive_structure()


def given(name: str) -> tuple[IndexedLattice, MeasuredPeaks, Structure]:
    """The lattice, the edges of an orthorhombic one in another order, and a computed pattern."""
    structure, primitive = crystal_of(name)
    number, symbol = space_group_of(Crystal.from_structure(primitive))
    kind = next(each for each in KINDS.values() if number in each.groups)
    named = dict(zip(CELL, structure.lattice.parameters, strict=True))
    edges = [named[each] for each in kind.edges]
    if kind.system == "orthorhombic":
        edges = sorted(edges)
    every = conventional_lattices(kind.system, *edges)
    lattice = next(each for each in every if each.centring == symbol[0])
    pattern = powder_pattern(Crystal.from_structure(primitive), CU, (5.0, 120.0))
    seen = pattern.intensity > 0.5
    peaks = MeasuredPeaks(pattern.two_theta[seen], pattern.intensity[seen], CU, (5.0, 120.0))
    return lattice, peaks, primitive


def counts_of(structure: Structure) -> dict[int, int]:
    return {element.Z: round(n) for element, n in structure.composition.items()}

"""How structures are searched by symmetry."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class SearchSettings(Section):
    """How long and how far structures are searched by symmetry.

    Attributes:
        work: numbers worked on at most: some five seconds. Work, not time, is bounded, so that the
            answer is the same on any machine.
        complexity: of the most complex occupations that are gone through: free coordinates and
            orbits beyond one an element. Beyond, the work is over before.
        occupations: of one complexity in one group that are gone through.
        begun: occupations of one complexity that are worked on, of which
        improved: are tried from more than one start,
        starts: starts of all of these together, and
        least_starts: of each at least.
        refined: arrangements that are refined by least squares.
        d_min: the smallest spacing compared, in A: atoms are told apart by it, and finer ones
            only cost time.
        lines: that samples are compared by: few are compared faster, and see less far.
        perfect: residual that ends the search at once, and
        explained: after the next complexity.
        symmetry: what the highest symmetry is worth in residual: every structure has its subgroups
            too, which explain as much.
        same_residual: residuals that differ by no more are one, and the simpler structure comes
            first: two starts that ended in one place differ by less.
        same_line: lines, in relative 1 / d^2, that are one where they are counted.
    """

    work: int = 500_000_000
    complexity: int = 16
    occupations: int = 200
    begun: int = 120
    improved: int = 20
    starts: int = 100
    least_starts: int = 4
    refined: int = 40
    d_min: float = 1.0
    lines: int = 40
    perfect: float = 0.02
    explained: float = 0.1
    symmetry: float = 0.03
    same_residual: float = 1e-3
    same_line: float = 1e-6


@dataclass(frozen=True)
class SamplingSettings(Section):
    """How the free coordinates of one occupation are found.

    Attributes:
        samples: of a position with no, one, two and three free coordinates: some 0.1 A apart along
            a line, 0.3 A in a plane, 0.5 A in space, from where the next steps find the minimum.
        joint: random sets of a sample for each orbit, by the best of which occupations with several
            free orbits are compared before more is done for them.
        kept: of these sets, the best, that others are improved from.
        sweeps: rounds over all orbits, each to its best sample; most end after two,
        gain: as a round must gain so much residual for another.
        starts: arrangements of one occupation that are handed on.
        tested: the best samples, looked at until the atoms of one keep their distance,
        few: of them at first: mostly one of the first will do.
        poor: residual that is no better than chance.
        same: residuals of samples that are one: they are summed in single precision, and equivalent
            places have equal ones.
        displacement: B of the samples in A^2, about that of most crystals at room temperature.
        call: numbers worked on that the time of a call, whatever its size, stands for.
        steps: of least squares at most, and
        converged: the relative change that ends them before.
    """

    samples: tuple[int, ...] = (1, 64, 512, 2048)
    joint: int = 128
    kept: int = 32
    sweeps: int = 3
    gain: float = 0.01
    starts: int = 4
    tested: int = 64
    few: int = 8
    poor: float = 0.9
    same: float = 1e-5
    displacement: float = 0.7
    call: int = 50_000
    steps: int = 25
    converged: float = 1e-4


@dataclass(frozen=True)
class ContentsSettings(Section):
    """What a cell of a known volume may hold.

    Attributes:
        widest: factor by which the sum of atomic volumes may be off the cell's: most crystals are
            within 1.2, but frameworks such as quartz are emptier.
        emptiest: factor by which a cell may be larger than the sum of atomic volumes, where nothing
            likelier fits: some layered crystals are.
        densest: factor by which it may be smaller at most, in alloys under pressure.
        density_within: share that a measured density may be off the crystal's: pores make it less.
        usual: volume in A^3 of an element that the table lacks.
        most: contents tried where the ratios of the elements are not known, and
        most_atoms: in such a cell.
        most_tried: formula units gone through there, those of few atoms first: all of them of up
            to five elements.
    """

    widest: float = 1.45
    emptiest: float = 2.3
    densest: float = 2.5
    density_within: float = 0.1
    usual: float = 20.0
    most: int = 12
    most_atoms: int = 24
    most_tried: int = 45_000


@dataclass(frozen=True)
class AnalogueSettings(Section):
    """How known structures are tried, as they are and with other elements.

    Attributes:
        formulas: of the likeliest contents of a cell, where the elements alone are known, that are
            put into known structures; each kind of formula takes a second to prepare.
        tried: structures with other elements whose patterns agree best that are handed on.
        known_edges: share that the edges of a structure as it is known may differ by: computed ones
            are off by 1 or 2 %, and heat adds some.
        most_known: structures as they are known that are handed on.
        symmetric: A within which their atoms are symmetric, as in the tables of structures.
        like_edges: share that edges of one lattice differ by at most.
        on_position: fraction of an edge that an atom may be off the Wyckoff position that it is on.
    """

    formulas: int = 6
    tried: int = 5
    known_edges: float = 0.03
    most_known: int = 20
    symmetric: float = 0.1
    like_edges: float = 0.02
    on_position: float = 1e-3

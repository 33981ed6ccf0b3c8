"""When a solution is one, and what else it may be."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class VerdictSettings(Section):
    """What evidence is made of, and what it takes for each word.

    Attributes:
        position_error: degrees within which a peak is of a line of the lattice.
        textures: degrees of preferred orientation tried (r of March and Dollase): usual samples
            lie between.
        bad_rwp: Rwp above which a structure does not explain the pattern: right ones in crowded
            patterns of low symmetry leave up to that (98 % of the cases fitted on leave 0.66).
        good_rwp: Rwp up to which it does; between the two it may. Three of four right ones do.
        fitted: Rwp of the atoms fitted to the profile, beside that of the lattice alone, up to
            which they explain it whatever the peaks say: these are found before the fit.
        bad_correlation: of the profiles, below which it does not either: of 50 right structures
            one is below 0.94, of 50 with an element that is far off 13 are below 0.91.
        bad_unexplained: height of the strongest measured peak at no line of the lattice, beside
            the strongest of all, above which there is another lattice or phase.
        good_unexplained: height up to which it is an impurity's.
        seen: area of a computed line, beside what a peak must have to be found there, from which on
            it would have been: of 26 right structures none lacks a line of more than 1.6.
        bad_missing: height of the strongest computed line where nothing is measured, though it
            would be seen, above which the structure is another.
        good_missing: height up to which texture and disorder may take such a line away.
        bad_distance: share by which the strangest distance of nearest atoms may be beyond those of
            known crystals: ends of distributions are not sharp, and one right structure of 50 is
            beyond. Half of those that a wrong anode makes are.
        good_distance: share up to which it is not worth a word, as for 19 of 20 right ones.
        bad_volume: ratio of the cell's volume to what its atoms take, either way, from which on
            they do not fill it: only molecules and loose frameworks have more.
        good_volume: ratio up to which it is usual: nine of ten right ones are within.
        fewest_spare: peaks beyond the parameters that prove a structure.
        error: Rwp with other elements, beside that of the candidate, up to which they fit as well:
            where a neighbour of the true element was told, the true one left at most 1.05 times as
            much in 19 of 20 cases, and 1.12 times in 49 of 50.
        growth: of the misfit of the fit to the profile, in what a line is usually off, up to which
            other elements fit as well: where a neighbour of the true element was told, the true
            one's is at most 14.4 in the half of the cases that this was chosen on.
        as_many: share of an element's electrons, one at least, that another one may have more or
            less and stand for it without moving any atom: lanthanides are all so.
        floor: Rwp that the errors of measured areas leave in any case.
        unseen: the same for an element that is left out.
        margin: Rwp of the next candidate, beside that of the first, up to which it explains the
            pattern as well.
        same_rwp: what is added to that, for patterns that are explained nearly perfectly.
    """

    position_error: float = 0.15
    textures: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
    bad_rwp: float = 0.75
    good_rwp: float = 0.35
    fitted: float = 1.2
    bad_correlation: float = 0.9
    bad_unexplained: float = 0.3
    good_unexplained: float = 0.1
    seen: float = 2.0
    bad_missing: float = 0.2
    good_missing: float = 0.1
    bad_distance: float = 0.15
    good_distance: float = 0.03
    bad_volume: float = 2.0
    good_volume: float = 1.35
    fewest_spare: int = 3
    error: float = 1.1
    growth: float = 20.0
    as_many: float = 0.15
    floor: float = 0.03
    unseen: float = 1.15
    margin: float = 1.05
    same_rwp: float = 0.01

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
        bad_rwp: Rwp above which a structure does not explain the pattern, and
        good_rwp: up to which it does.
        bad_unexplained, good_unexplained: the same of the strongest peak at no line of the
            lattice, beside the strongest of all.
        bad_missing, good_missing: and of the strongest computed line where nothing is measured.
        bad_distance, good_distance: and of the share by which the strangest distance of nearest
            atoms is beyond those of known crystals.
        bad_volume, good_volume: and of the ratio of the cell's volume to what its atoms take.
        fewest_spare: peaks beyond the parameters that prove a structure.
        error: Rwp with other elements, beside that of the candidate, up to which they fit as well.
        floor: Rwp that the errors of measured areas leave in any case.
        unseen: the same for an element that is left out.
        margin: Rwp of the next candidate, beside that of the first, up to which it explains the
            pattern as well; and
        same_rwp: beyond that.
    """

    position_error: float = 0.15
    textures: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
    bad_rwp: float = 0.55
    good_rwp: float = 0.3
    bad_unexplained: float = 0.3
    good_unexplained: float = 0.1
    bad_missing: float = 0.2
    good_missing: float = 0.05
    bad_distance: float = 0.1
    good_distance: float = 0.02
    bad_volume: float = 1.5
    good_volume: float = 1.25
    fewest_spare: int = 3
    error: float = 1.1
    floor: float = 0.03
    unseen: float = 1.15
    margin: float = 1.05
    same_rwp: float = 0.01

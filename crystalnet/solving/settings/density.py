"""How a density becomes atoms."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class DecodingSettings(Section):
    """How atoms are found in a density.

    Attributes:
        blurs: standard deviations in A of Gaussians that smooth the templates: guesses are
            smoother than true densities, and a template that is too sharp misses in them.
        guess_blurs: those for a density that a network guessed, which is about so smooth.
        raw_blur: A beyond which the hole in a core cannot be seen.
        good: misfit of a fit that is good enough to try nothing else: most true densities.
        poor: misfit beyond which a density may have been made with other potentials.
        whole: where the electrons speak for so many formula units and a fraction, both neighbours
            are tried if the fraction is further than this from a whole number.
        representatives: elements that stand for all where it is not known which are there.
        likely: elements taken on as likely for each atom found with these.
        electron_weights: where the ratios are not known, searches that take the electron count the
            less seriously get out of what a search that keeps to it is caught in; all are judged
            by the full count.
        symmetry_tolerances: distances in A within which atoms may be moved to symmetric places,
        symmetry_cost: and how much worse the fit may become by it: by this share of its cost, and
            by this share of all.
        largest_q: modes up to this q = 2 pi / d in 1/A tell atoms apart; beyond it guessed
            densities hold noise.
        map_spacing: A that points of a map lie apart at most, where a template moved by half of it
            still overlaps with a sharp core.
        power_floor: a mode counts by the power that atoms have there, so that light atoms and sharp
            cores are seen alike, but none by more than with this share of the power at q = 0, for
            guesses are noisy.
        electron_error: error of a density's electron count, as a share of it, that costs as much as
            all modes' power times 0.01.
        most_rounds: rounds of moves; two are the rule.
        least_gain: share of the cost that a move must lower it by.
        least_share: what explains less than this share of what an atom of its template would is no
            atom.
        least_volume: A^3 that every atom of a crystal has; a guess with too many electrons has
            less.
        longest_step: A that no step of a refinement moves an atom further than.
        formula_electrons: by how much, relatively, the electron count may differ from that of whole
            formula units, if semicore shells are left out.
        bare: an ion with at most so many electrons left gives them to its neighbours, and is in a
            hole.
        hole_spacing: A that the points among which holes are looked for are apart at most.
    """

    blurs: tuple[float, ...] = (0.0, 0.15, 0.3, 0.45)
    guess_blurs: tuple[float, ...] = (0.3,)
    raw_blur: float = 0.2
    good: float = 0.02
    poor: float = 0.3
    whole: float = 0.2
    representatives: int = 12
    likely: int = 3
    electron_weights: tuple[float, ...] = (0.0, 0.1, 1.0)
    symmetry_tolerances: tuple[float, ...] = (0.3, 0.2, 0.1, 0.05, 0.02)
    symmetry_cost: tuple[float, ...] = (0.05, 1e-4)
    largest_q: float = 10.0
    map_spacing: float = 0.2
    power_floor: float = 0.01
    electron_error: float = 0.02
    most_rounds: int = 8
    least_gain: float = 1e-4
    least_share: float = 0.1
    least_volume: float = 2.5
    longest_step: float = 0.3
    formula_electrons: float = 0.01
    bare: float = 1.0
    hole_spacing: float = 0.5

"""How structures are found by charge flipping."""

from dataclasses import dataclass

from crystalnet.solving.settings.section import Section


@dataclass(frozen=True)
class FlippingSettings(Section):
    """How maps are made by charge flipping, and atoms taken from them.

    Attributes:
        contents: of the cell, the likeliest, that maps are made for.
        maps: from random phases, of all contents together; most crystals need one or two.
        cycles: of flipping for each.
        threshold: standard deviations of the map below which density is flipped: about 1, as
            G. Oszlanyi and A. Suto found (doi 10.1107/S0108767303027569).
        repartition: cycles after which lines that overlap are shared out anew
            (C. Baerlocher, L. McCusker and L. Palatinus, doi 10.1524/zkri.2007.222.2.47).
        heights: share, in that, of the map whose points have the heights that the composition
            wants; none, since as many maps lead to the structure without.
        histograms: cells with atoms anywhere that the heights are the mean of: few differ much.
        lonely: places that each of their atoms has the loneliest of: atoms keep apart.
        d_min: the smallest spacing used, in A: finer ones overlap and tell little more.
        spacing: of the points of a map in A, at most.
        most_points: of a map, and
        most_atoms: of a primitive cell; larger ones are left alone.
        symmetric: correlation of a map with itself, turned, from which on a group is tried,
            as a share of the best one's.
        frames: groups tried for each map, the likeliest first.
        on_special: distance in A over which atoms are moved onto special positions, in
        settling: steps at most, each to where the operations that nearly hold leave the atom.
        same_maximum: A below which two maxima are one, if they are images of each other.
        rounded: maps are rounded to this share of their standard deviation, and
        rounded_heights: heights of maxima to this share of the highest, so that no last bit decides
            what is flipped or comes first.
        peaks: maxima of a map looked at for each atom of the cell.
        heavy: share of the heaviest element's electrons from which on atoms are taken from the
            map of flipping itself; lighter ones may be looked for without the others' density.
        nearer: share of the distance that atoms must keep in the end which they must keep while it
            is not sure which element is where.
        gain: residual that an exchange of elements must gain.
        rounds: difference maps that are made for one element.
        hopeless: residual of all atoms in place beyond which nothing more is done for them.
        good: residual of the intensities from which on a structure is handed on.
        perfect: residual at which no other map is made, and
        explained: the same after more maps of each content than
        surely: by then a better one is not likely.
        most: structures handed on.
    """

    contents: int = 4
    maps: int = 8
    cycles: int = 250
    threshold: float = 1.1
    repartition: int = 8
    heights: float = 0.0
    histograms: int = 4
    lonely: int = 20
    d_min: float = 0.9
    spacing: float = 0.35
    most_points: int = 300_000
    most_atoms: int = 80
    symmetric: float = 0.6
    frames: int = 8
    on_special: float = 0.6
    settling: int = 4
    same_maximum: float = 0.4
    rounded: float = 1e-6
    rounded_heights: float = 1e-6
    peaks: int = 3
    heavy: float = 0.5
    nearer: float = 0.75
    gain: float = 0.002
    rounds: int = 3
    hopeless: float = 0.5
    good: float = 0.6
    perfect: float = 0.03
    explained: float = 0.1
    surely: int = 2
    most: int = 5

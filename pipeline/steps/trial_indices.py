"""Count which indices the first powder lines of crystals have, for `crystalnet.solving.lattice`.

A lattice of p free parameters follows from p lines with indices. Of the training crystals, the
sets of indices that the first lines have are gathered, each in the one of all equivalent settings
that has the smallest indices, and as few sets are kept as give every crystal several that are its
own. Run from the root of the repository, some ten minutes:

    python -m pipeline.steps.trial_indices
"""

import heapq
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations, product
from typing import Any, cast

import numpy as np
import spglib
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.files import atomic_write
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.lattice.kinds.lattice_kind import INDICES, Centring, LatticeKind
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

# Crystals taken of each system, and tolerance of their symmetry in A.
CRYSTALS, TOLERANCE = 1500, 0.01
# Lines as a laboratory would list them: Cu K-alpha in A, degrees, those nearer than that (degrees)
# are one, below that share of the strongest none.
WAVELENGTH, LIMITS, APART, FAINTEST = 1.54184, (5.0, 120.0), 0.05, 0.005
# Reflections of a merged line that count, as a share of its strongest; and how many.
COUNTED, MOST = 0.05, 3
# Lines that a lattice must be good for, and how much larger than that of one line (root mean
# square) its errors may be there.
REACH, AMPLIFIED = 14, 3.0
# Sets that are each crystal's own, and how many of one crystal's are gone through.
OWN, TRIED = 5, 4000

Set = bytes
"""The terms of the lines of a set, as int16 row by row."""


def main() -> None:
    table = embedded_crystals().query("split == 'train'").sample(frac=1, random_state=0)
    table = table.groupby("crystal_system").head(CRYSTALS)
    found: dict[tuple[str, Centring], list[set[Set]]] = defaultdict(list)
    for crystal in crystals_of(table):
        for kind, centring, lines, q in measured_lines(crystal):
            found[kind.system, centring].append(sets_of(kind, centring, lines, q))
    kept: dict[str, Any] = {}
    for (system, centring), sets in sorted(found.items()):
        size = len(KINDS[system].edges)
        chosen = fewest(sets, OWN)
        kept[f"{system} {centring}"] = np.array(
            [np.frombuffer(each, dtype=np.int16).reshape(size, size) for each in chosen]
        )
        print(f"{system} {centring}: {len(chosen)} sets for {len(sets)} crystals", flush=True)
    with atomic_write(INDICES) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **kept)


def measured_lines(
    crystal: Crystal,
) -> Iterator[tuple[LatticeKind, Centring, list[Int[ndarray, "reflections 3"]], ndarray]]:
    """Kind of lattice, centring, indices of each line in the standard setting, and 1 / d^2.

    None for a crystal whose symmetry is not found.
    """
    cell = (crystal.lattice, crystal.frac_coords, crystal.atomic_numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        symmetry = spglib.get_symmetry_dataset(cell, symprec=TOLERANCE)
    if symmetry is None:
        return
    kind = next(each for each in KINDS.values() if symmetry.number in each.groups)
    standard = Crystal(
        crystal.material_id,
        np.ascontiguousarray(symmetry.std_lattice),
        np.asarray(symmetry.std_types, dtype=np.int64),
        np.ascontiguousarray(symmetry.std_positions) % 1.0,
    )
    pattern = powder_pattern(standard, WAVELENGTH, LIMITS)
    start = np.flatnonzero(np.diff(pattern.two_theta, prepend=-1.0) >= APART)
    stop = np.append(start[1:], len(pattern.two_theta))
    intensity = np.add.reduceat(pattern.intensity, start)
    place = np.add.reduceat(pattern.intensity * pattern.two_theta, start) / intensity
    seen = np.flatnonzero(intensity >= FAINTEST * intensity.max())[:REACH]
    # An A-centred cell is a C-centred one with its axes in another order.
    turned = [1, 2, 0] if symmetry.international[0] == "A" else [0, 1, 2]
    first = str(symmetry.international)[0]
    centring = cast(Centring, "C" if first == "A" else first)
    lines = []
    for one in seen:
        peaks = np.arange(start[one], stop[one])
        strong = peaks[pattern.intensity[peaks] >= COUNTED * pattern.intensity[peaks].max()]
        hkl = [pattern.sphere.hkl(np.arange(pattern.first[i], pattern.stop[i])) for i in strong]
        lines.append(np.concatenate(hkl)[:, turned])
    yield kind, centring, lines, (2 * np.sin(np.radians(place[seen] / 2)) / WAVELENGTH) ** 2


def sets_of(
    kind: LatticeKind,
    centring: Centring,
    lines: Sequence[Int[ndarray, "reflections 3"]],
    q: Float[ndarray, " lines"],
) -> set[Set]:
    """The sets that give the lattice from the first lines of a crystal, smallest indices each."""
    size = len(kind.edges)
    choices = []
    for hkl in lines:
        _, once = np.unique(kind.terms(hkl), axis=0, return_index=True)
        choices.append(hkl[np.sort(once)[:MOST]])
    first = range(min(kind.first_lines, len(lines)))
    picked = [
        (chosen, hkl)
        for chosen in combinations(first, size)
        for hkl in product(*(choices[line] for line in chosen))
    ]
    if len(picked) > TRIED:
        some = np.random.default_rng(0).choice(len(picked), TRIED, replace=False)
        picked = [picked[place] for place in np.sort(some)]
    if not picked:
        return set()
    chosen = np.array([each for each, _ in picked])
    hkl = np.array([each for _, each in picked])
    terms = kind.terms(hkl.reshape(-1, 3)).reshape(len(hkl), size, size)
    # Determinants are whole numbers.
    solvable = np.abs(np.linalg.det(terms)) > 0.5
    chosen, hkl, terms = chosen[solvable], hkl[solvable], terms[solvable]
    reach = kind.terms(np.array([each[0] for each in choices]))
    # An error of a line's 1 / d^2 goes with its root.
    errors = ((reach @ np.linalg.inv(terms)) ** 2 * q[chosen][:, None]).sum(axis=2) / q
    good = np.sqrt(errors.mean(axis=1)) <= AMPLIFIED
    return {smallest(kind, centring, each) for each in hkl[good]}


def smallest(kind: LatticeKind, centring: Centring, hkl: Int[ndarray, "lines 3"]) -> Set:
    """Of all settings of a lattice that are as good, the terms with the smallest indices."""
    turned = hkl @ _settings(kind.system, centring, hkl)
    sizes = np.abs(turned).sum(axis=(1, 2))
    least = turned[sizes == sizes.min()]
    every: list[Set] = [np.rint(kind.terms(each)).astype(np.int16).tobytes() for each in least]
    return min(every)


def _settings(
    system: str, centring: Centring, hkl: Int[ndarray, "lines 3"]
) -> Int[ndarray, "settings 3 3"]:
    """Integer matrices that give indices in other axes of the same kind."""
    eye = np.eye(3, dtype=np.int64)
    if system == "orthorhombic":
        every = [eye[list(order)] for order in permutations(range(3))]
        return np.array([each for each in every if centring != "C" or each[2, 2]])
    if system == "monoclinic":
        found: list[ndarray] = []
        for a, b, c, d in product(range(-2, 3), repeat=4):
            # h' = a h + b l keeps its parity where the centred face does.
            if abs(a * d - b * c) == 1 and (centring == "P" or (a % 2 and b % 2 == 0)):
                found.append(np.array([[a, 0, c], [0, 1, 0], [b, 0, d]]))
        return np.array(found)
    if system == "triclinic":
        # Three of the lines as axes, wherever they are a basis.
        signs = [np.diag(each) for each in product((1, -1), repeat=3)]
        found = [
            np.rint(np.linalg.inv(hkl[list(three)])).astype(np.int64) @ sign
            for three in permutations(range(len(hkl)), 3)
            if abs(round(np.linalg.det(hkl[list(three)]))) == 1
            for sign in signs[:4]
        ]
        return np.array(found or [eye])
    return eye[None]


def fewest(crystals: Sequence[set[Set]], own: int) -> list[Set]:
    """Sets, the one that most crystals want first, until each has so many of its own."""
    having: dict[Set, list[int]] = defaultdict(list)
    for place, sets in enumerate(crystals):
        for each in sorted(sets):
            having[each].append(place)
    wanted = np.full(len(crystals), own)
    heap = [(-len(places), each) for each, places in having.items()]
    heapq.heapify(heap)
    chosen = []
    while heap:
        _, each = heapq.heappop(heap)
        worth = int((wanted[having[each]] > 0).sum())
        # Others may have taken what it was wanted for.
        if worth and heap and -heap[0][0] > worth:
            heapq.heappush(heap, (-worth, each))
        elif worth:
            chosen.append(each)
            wanted[having[each]] -= 1
    return chosen


if __name__ == "__main__":
    main()

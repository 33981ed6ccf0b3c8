"""Atoms that are too near, by index and not by place; against pymatgen's neighbours."""

import numpy as np
import pytest
from pymatgen.core import Element, Lattice, Structure

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.lattice.cells import (
    Centring,
    conventional_cell,
    conventional_lattices,
)
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.settings import ContactSettings
from crystalnet.solving.symmetry.contacts import covalent_radius, least_distance, too_near
from crystalnet.solving.symmetry.orbit_distances import Distances
from crystalnet.solving.symmetry.wyckoff import space_group
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, FIVE_SYSTEMS_FILE
from pipeline.tables import read_table


def crystal(numbers: list[int], x: list[list[float]], a: float = 5.0) -> Crystal:
    return Crystal("x", a * np.eye(3), np.array(numbers), np.array(x, dtype=float))


def test_atoms_in_one_place_are_two() -> None:
    assert too_near(crystal([11, 17], [[0, 0, 0], [0.5, 0.5, 0.5]])) is None
    for apart in (0.0, 1e-12, 1.0, 1e-4):
        told = too_near(crystal([11, 17], [[0, 0, 0], [apart, 0, 0]]))
        assert told == "Na and Cl are 0.00 A apart"


def test_an_atom_is_near_its_own_image() -> None:
    limit = least_distance(55, 55)
    assert too_near(crystal([55], [[0.3, 0, 0]], limit + 0.01)) is None
    told = f"Cs and Cs are {limit - 0.01:.2f} A apart"
    assert too_near(crystal([55], [[0.3, 0, 0]], limit - 0.01)) == told


@pytest.mark.parametrize("number", [1, 8, 26, 92])
def test_the_limit_is_exact(number: int) -> None:
    limit = least_distance(number, number)
    for share, near in ((0.999, True), (1.001, False)):
        pair = crystal([number] * 2, [[0, 0, 0], [share * limit / 9, 0, 0]], 9.0)
        assert (too_near(pair) is not None) == near


@pytest.mark.parametrize(
    ("one", "other", "true"),
    # Distances of real crystals: Rb2Te5 has Rb 3.24 A apart, CeRuSn alloys 2.3; SiO2, NaCl, N2.
    [
        ("Rb", "Rb", 3.24),
        ("Ce", "Ru", 2.33),
        ("O", "Si", 1.60),
        ("Na", "Cl", 2.70),
        ("N", "N", 1.1),
    ],
)
def test_metals_may_share_electrons_and_ions_keep_farther(
    one: str, other: str, true: float
) -> None:
    least = least_distance(Element(one).Z, Element(other).Z)
    assert least_distance(Element(other).Z, Element(one).Z) == least
    assert 0.7 * true < least < true


def test_few_crystals_say_less_and_none_leave_it_to_the_radii() -> None:
    sure, unsure = ContactSettings(fewer=0.0), ContactSettings(fewer=0.3)
    # Si and O are near each other in hundreds of crystals, H and Li in one.
    assert least_distance(8, 14, unsure) > 0.95 * least_distance(8, 14, sure)
    assert least_distance(1, 3, unsure) < 0.7 * least_distance(1, 3, sure)
    unknown = 0.65 * (covalent_radius(2) + covalent_radius(87))
    assert least_distance(2, 87) == pytest.approx(unknown)


def test_crystals_that_the_distances_are_not_of_have_no_nearer_ones() -> None:
    table = read_table(DATA / FIVE_SYSTEMS_FILE, CRYSTAL_COLUMNS).query("split == 'val'")
    found = [too_near(each) for each in crystals_of(table.iloc[::3])]
    assert len(found) > 200
    assert set(found) == {None}


@pytest.mark.parametrize(
    ("system", "centring", "edges"),
    [
        ("cubic", "P", (3.0,)),
        ("cubic", "I", (3.0,)),
        ("cubic", "F", (3.0,)),
        ("hexagonal", "P", (3.0, 9.0)),
        ("hexagonal", "P", (9.0, 3.0)),
        ("trigonal", "R", (3.0, 20.0)),
        ("trigonal", "R", (9.0, 4.0)),
    ],
)
def test_a_point_is_as_far_from_itself_as_its_nearest_image(
    system: str, centring: Centring, edges: tuple[float, ...]
) -> None:
    lattice = next(
        each for each in conventional_lattices(system, *edges) if each.centring == centring
    )
    alone = Structure(Lattice(lattice.primitive), ["H"], [[0, 0, 0]])
    period = min(image.nn_distance for image in alone.get_neighbors(alone[0], 12))
    distances = Distances(conventional_cell(lattice), lattice.primitive)
    point = np.array([[0.1, 0.2, 0.3]])
    assert distances.nearest(point, point[:, None], same=True)[0] == pytest.approx(period, rel=1e-6)
    for limit, kept in ((0.9999 * period, True), (1.0001 * period, False)):
        assert distances.keeps([point[:, None]], [limit])[0] == kept


@pytest.mark.parametrize("apart", [0.0, 1e-16, 1e-12, 1e-6, 1e-3])
def test_points_of_an_orbit_that_coincide_do_not_keep_their_distance(apart: float) -> None:
    distances = Distances(6.0 * np.eye(3), conventional_lattices("cubic", 6.0)[0].primitive)
    for shift in ([0, 0, 0], [0, 0.5, 0.5], [1, 0, -1]):
        point = np.array([0.1, 0.2, 0.3])
        orbit = np.array([[point, point + shift + [apart, 0, 0]]])
        assert distances.nearest(orbit[:, 0], orbit, same=True)[0] < 0.02
        assert not distances.keeps([orbit], [0.2])[0]
        other = np.array([[[0.7, 0.7, 0.7]]])
        assert not distances.keeps([other, orbit[:, :1], other + apart], [0.2] * 3)[0]


@pytest.mark.parametrize("number", [227, 225, 194, 166, 152])
def test_every_orbit_on_a_more_special_place_is_crowded(number: int) -> None:
    """Free coordinates at fractions of 24 lie on every special place of these groups."""
    group = space_group(number)
    system = next(name for name, kind in KINDS.items() if number in kind.groups)
    lattices = conventional_lattices(system, *([20.0] if number >= 195 else [20.0, 20.0]))
    chosen = next(each for each in lattices if group.centring == each.centring)
    cell = Lattice(chosen.primitive)
    distances = Distances(conventional_cell(chosen), chosen.primitive)
    seen = set()
    for position in group.positions:
        if not position.freedom:
            continue
        values = np.random.default_rng(1).integers(0, 24, (80, position.freedom)) / 24
        orbit = position.orbit(values)
        kept = distances.keeps([orbit], [0.1])
        for points, keeps in zip(orbit, kept, strict=True):
            inside = cell.get_fractional_coords(points @ conventional_cell(chosen))
            apart = cell.get_all_distances(inside, inside)
            coincide = bool((apart[np.triu_indices(len(inside), 1)] < 0.1).any())
            assert keeps != coincide
            seen.add(coincide)
    assert seen == {True, False}

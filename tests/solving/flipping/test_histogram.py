"""The heights that a composition's density has, and what they are for."""

import numpy as np
import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher

from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.flipping.histogram import apart, expected_heights, matched
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.settings import USUAL, FlippingSettings, SolveSettings
from crystalnet.solving.symmetry.frames import frames_of
from tests.solving.flipping.known_crystals import counts_of, given

PLAN = USUAL.flipping


def test_a_map_gets_other_heights_in_the_order_of_its_own() -> None:
    generator = np.random.default_rng(0)
    density = generator.normal(size=(4, 5, 6))
    heights = np.sort(generator.normal(size=120))
    new = matched(density, heights)
    assert new.shape == density.shape
    np.testing.assert_array_equal(np.sort(new, axis=None), heights)
    np.testing.assert_array_equal(np.argsort(new, axis=None), np.argsort(density, axis=None))


def test_atoms_anywhere_keep_apart() -> None:
    primitive = np.diag([4.0, 5.0, 9.0])

    def nearest(places: np.ndarray) -> float:
        shifts = places[:, None] - places
        lengths = np.linalg.norm((shifts - np.rint(shifts)) @ primitive, axis=-1)
        return float(lengths[~np.eye(len(places), dtype=bool)].min())

    lonely = [nearest(apart(8, primitive, np.random.default_rng(seed), 20)) for seed in range(20)]
    anywhere = [nearest(np.random.default_rng(seed).random((8, 3))) for seed in range(20)]
    assert np.mean(lonely) > 2 * np.mean(anywhere)
    assert len(apart(1, primitive, np.random.default_rng(0), 20)) == 1


@pytest.mark.parametrize("sharp", [False, True])
def test_they_are_nearly_those_of_the_true_density(sharp: bool) -> None:
    lattice, peaks, truth = given("baddeleyite, 9 free")
    cell = frames_of(lattice, None)[0].cell
    seen = Reflections(peaks, lattice, cell, counts_of(truth), PLAN, USUAL.agreement)
    expected = seen.expected if sharp else np.ones_like(seen.expected)
    norm = np.sqrt(expected)[seen.unique]
    g_squared = seen.lines.g_squared[seen.unique]
    waves = plane_waves(seen.hkl, truth.frac_coords)
    form = np.stack([form_factor(each.specie.Z, g_squared / 4) for each in truth], axis=1)
    density = seen.map((form * waves).sum(axis=1) / norm)
    true = np.sort(density, axis=None)
    heights = expected_heights(seen, norm, np.random.default_rng(1), PLAN)
    # A normal distribution of as much density is far from both.
    normal = np.sort(np.random.default_rng(2).normal(size=true.size)) * true.std() + true.mean()
    assert np.abs(heights - true).mean() < 0.5 * np.abs(normal - true).mean()
    assert heights.max() == pytest.approx(true.max(), rel=0.2)


def test_structures_are_found_with_them() -> None:
    lattice, peaks, truth = given("triclinic, 12 free")
    plan = SolveSettings(flipping=FlippingSettings(heights=1.0))
    found = flipped_structures(peaks, [counts_of(truth)], lattice, settings=plan)
    assert StructureMatcher().fit(found[0].to_structure(), truth)


def test_a_map_begins_with_the_phases_that_are_given() -> None:
    lattice, peaks, truth = given("barite, 11 free")
    asked = []

    def true_phases(reflections: Reflections, _: np.random.Generator) -> np.ndarray:
        asked.append(reflections.shape)
        z = np.array([each.specie.Z for each in truth])
        return np.asarray(plane_waves(reflections.hkl, truth.frac_coords) @ z)

    found = flipped_structures(peaks, [counts_of(truth)], lattice, maps=1, start=true_phases)
    assert len(asked) == 1
    assert StructureMatcher().fit(found[0].to_structure(), truth)

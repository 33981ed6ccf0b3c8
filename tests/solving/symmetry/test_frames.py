"""Which axes a group may have in a lattice, against the settings that gemmi lists."""

import gemmi
import numpy as np
import pytest

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import conventional_lattices
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.symmetry.frames import axes_of, frames_of
from crystalnet.solving.symmetry.wyckoff import MIRROR_IMAGES, space_group

HKL = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def absences(operations: gemmi.GroupOps) -> tuple[bool, ...]:
    return tuple(operations.is_systematically_absent(h) for h in HKL.tolist())


def settings(number: int, centring: str) -> list[gemmi.SpaceGroup]:
    """Of all that gemmi lists; of monoclinic ones those about b."""
    return [
        each
        for each in gemmi.spacegroup_table()
        if each.number == number
        and each.centring_type() == centring
        and (number > 15 or number < 3 or "b" in each.qualifier)
    ]


@pytest.mark.parametrize("number", [*range(3, 75), 86, 122, 141, 166, 205])
def test_every_listed_setting_of_a_lattice_is_a_frame(number: int) -> None:
    group = space_group(number)
    system = next(name for name, kind in KINDS.items() if number in kind.groups)
    found = {}
    for axes in axes_of(number, system, group.centring):
        # Indices go as the axes do.
        own = gemmi.GroupOps(
            [_op(r, t) for r, t in zip(group.rotations, group.translations, strict=True)]
        )
        own.cen_ops = gemmi.find_spacegroup_by_number(number).operations().cen_ops
        turned = [own.is_systematically_absent(h) for h in (HKL @ axes.T).tolist()]
        found[tuple(turned)] = found.get(tuple(turned), 0) + 1
    assert set(found) == {absences(each.operations()) for each in settings(number, group.centring)}
    # No more of them than gemmi lists, which has some of them twice, with other origins.
    assert sum(found.values()) <= len(settings(number, group.centring))


def _op(rotation: np.ndarray, translation: np.ndarray) -> gemmi.Op:
    op = gemmi.Op("x,y,z")
    op.rot = (rotation * gemmi.Op.DEN).tolist()
    op.tran = np.rint(translation * gemmi.Op.DEN).astype(int).tolist()
    return op


@pytest.mark.parametrize(
    ("number", "system", "centring", "count"),
    [
        (62, "orthorhombic", "P", 6),
        (61, "orthorhombic", "P", 2),
        (19, "orthorhombic", "P", 1),
        (63, "orthorhombic", "C", 2),
        (38, "orthorhombic", "C", 2),
        (72, "orthorhombic", "I", 3),
        (14, "monoclinic", "P", 3),
        (11, "monoclinic", "P", 1),
        (15, "monoclinic", "C", 1),
        (15, "monoclinic", "I", 1),
        (2, "triclinic", "P", 1),
        (225, "cubic", "F", 1),
        (225, "cubic", "P", 0),
    ],
)
def test_how_many_ways_the_tables_list(number: int, system: str, centring: str, count: int) -> None:
    # International Tables A, table 1.5.4.4.
    assert len(axes_of(number, system, centring)) == count


def test_groups_of_lattices() -> None:
    lattices = {each.centring: each for each in conventional_lattices("cubic", 8.0)}
    numbers = [frame.group.number for frame in frames_of(lattices["I"])]
    assert numbers == [197, 199, 204, 206, 211, 214, 217, 220, 229, 230]
    on_hexagonal = {
        each.centring: each
        for system in ("trigonal", "hexagonal")
        for each in conventional_lattices(system, 5.0, 6.0)
    }
    numbers = [frame.group.number for frame in frames_of(on_hexagonal["R"])]
    assert numbers == [146, 148, 155, 160, 161, 166, 167]
    numbers = [frame.group.number for frame in frames_of(on_hexagonal["P"])]
    assert not set(numbers) & set(MIRROR_IMAGES)
    assert {152, 194} <= set(numbers)
    # The one that is asked for may be a mirror image.
    assert [frame.group.number for frame in frames_of(on_hexagonal["P"], 154)] == [154]


def test_a_group_of_another_lattice_is_told_what_would_fit() -> None:
    with pytest.raises(
        CrystalNetError, match="space group 225 is none of a cubic I lattice; want one of 197, 199"
    ):
        frames_of(conventional_lattices("cubic", 8.0)[1], 225)

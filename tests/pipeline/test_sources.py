"""Sources of crystals and densities."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.resampling import resample
from crystalnet.errors import CrystalNetError
from pipeline.crystal_tables import crystals_of
from pipeline.params import load_params
from pipeline.sources import crystal_source, density_source, source_files
from pipeline.sources.base import CRYSTAL_SOURCE_COLUMNS
from pipeline.sources.chgcar_folder import ChgcarFolder
from pipeline.sources.embedded import DftDensities, EmbeddedCrystals
from pipeline.sources.iam import IamDensities
from pipeline.tables import write_table

DATA = Path("data")
STRUCTURES = DATA / "structures.parquet"
DFT = DATA / "dft_densities.parquet"
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def table():
    return EmbeddedCrystals([STRUCTURES]).crystals()


@pytest.fixture(scope="module")
def dft_crystals(table):
    available = DftDensities(DFT, TOLERANCE).available()
    chosen = table[table["material_id"].isin(available)]
    return crystals_of(chosen.iloc[:: len(chosen) // 40])


@pytest.fixture(scope="module")
def dft_rows():
    return pd.read_parquet(DFT).head(3)


def chosen(structures, densities, **options):
    """The parameters with these sources, whatever params.yaml has chosen."""
    params = load_params()
    return params.model_copy(
        update={
            "structures": params.structures.model_copy(update={"source": structures}),
            "densities": params.densities.model_copy(update={"source": densities, **options}),
        }
    )


def only(source, crystals, grid=50):
    return list(source.densities(crystals, grid))


# --- Embedded crystals -----------------------------------------------------------------------


def test_embedded_crystals(table):
    assert len(table) == 33905
    assert set(table.columns) == set(CRYSTAL_SOURCE_COLUMNS)
    assert set(table["crystal_system"]) == {"cubic", "trigonal"}


def test_an_id_that_stands_twice(table, tmp_path):
    path = tmp_path / "structures.parquet"
    write_table(path, table.iloc[[0, 1, 0]], {})
    with pytest.raises(CrystalNetError, match=f"{table['material_id'][0]} stands in 2 rows"):
        EmbeddedCrystals([path]).crystals()


# --- DFT -------------------------------------------------------------------------------------


def test_dft_densities_come_in_the_order_asked_for(dft_crystals):
    source = DftDensities(DFT, TOLERANCE)
    crystals = dft_crystals[::-1]
    records = only(source, crystals)
    assert [r.material_id for r in records] == [c.material_id for c in crystals]
    assert {(r.density.shape, r.density.dtype.name) for r in records} == {((50, 50, 50), "float32")}


def test_dft_electrons_are_those_of_the_independent_atoms(dft_crystals):
    dft = only(DftDensities(DFT, TOLERANCE), dft_crystals)
    iam = only(IamDensities(DATA / "valence_gaussians.json", "cpu"), dft_crystals)
    for one, other, crystal in zip(dft, iam, dft_crystals, strict=True):
        assert one.electrons == pytest.approx(other.electrons, rel=1e-6)
        for record in (one, other):
            count = float(record.density.mean(dtype=np.float64)) * crystal.volume
            assert count == pytest.approx(record.electrons, rel=TOLERANCE)
            assert record.provenance["grid_electrons"] == pytest.approx(count, rel=1e-6)


def test_iam_resembles_dft(dft_crystals):
    dft = only(DftDensities(DFT, TOLERANCE), dft_crystals, 25)
    iam = only(IamDensities(DATA / "valence_gaussians.json", "cpu"), dft_crystals, 25)
    nmae = [
        np.abs(one.density - other.density).sum() / one.density.sum()
        for one, other in zip(dft, iam, strict=True)
    ]
    assert 0.01 < np.median(nmae) < 0.1


def test_dft_density_is_the_sum_of_its_modes(dft_crystals):
    crystal = dft_crystals[3]
    row = pd.read_parquet(DFT).set_index("material_id").loc[crystal.material_id]
    record = only(DftDensities(DFT, TOLERANCE), [crystal])[0]
    hkl = np.stack([row.h, row.k, row.l], axis=1).astype(float)
    # Half of the modes are stored; those of l = 0 with both signs of (h, k).
    weight = np.where(hkl[:, 2] == 0, 1, 2)
    coefficients = row.re + 1j * row.im.astype(float)
    for x in [(0, 0, 0), (25, 25, 25), (7, 31, 48)]:
        phases = np.exp(2j * np.pi * (hkl @ np.array(x)) / 50)
        wanted = (weight * (coefficients * phases).real).sum()
        # F(000) is stored to half precision and taken from the electrons instead.
        assert record.density[x] == pytest.approx(
            wanted, rel=1e-5, abs=3e-4 * float(record.density.mean())
        )


@pytest.mark.parametrize("grid", [25, 36, 64])
def test_dft_densities_on_another_grid(dft_crystals, grid):
    source = DftDensities(DFT, TOLERANCE)
    own, other = only(source, dft_crystals[:2])[0], only(source, dft_crystals[:2], grid)[0]
    assert other.density.shape == (grid,) * 3
    wanted = resample(own.density.astype(np.float64), grid)
    np.testing.assert_allclose(other.density, wanted, atol=1e-5 * own.density.max())
    if grid == 25:
        np.testing.assert_allclose(other.density, own.density[::2, ::2, ::2], atol=1e-5)


def test_dft_grid_too_coarse_for_its_electrons(dft_crystals):
    with pytest.raises(CrystalNetError, match=r"electrons on the grid of 8\^3 .* finer grid"):
        only(DftDensities(DFT, TOLERANCE), dft_crystals, 8)


def test_no_crystals_no_densities():
    assert only(DftDensities(DFT, TOLERANCE), []) == []


def test_a_crystal_without_dft_density():
    crystal = Crystal("mp-none", np.eye(3) * 4, np.array([1]), np.zeros((1, 3)))
    with pytest.raises(CrystalNetError, match=r"has no density of mp-none \(1 of 1"):
        only(DftDensities(DFT, TOLERANCE), [crystal])


def test_another_crystal_under_the_same_id(dft_crystals):
    known = dft_crystals[0]
    stretched = Crystal(
        known.material_id, known.lattice * 1.02, known.atomic_numbers, known.frac_coords
    )
    with pytest.raises(
        CrystalNetError, match=f"{known.material_id}: its density is of a cell with"
    ):
        only(DftDensities(DFT, TOLERANCE), [stretched])


def spoiled(rows, column, change):
    rows = rows.copy()
    values = rows[column].tolist()
    values[1] = change(np.array(values[1]))
    rows[column] = values
    return rows


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        ("re", lambda re: re[:-1], r"lists of \[\d+, \d+\] indices"),
        ("h", lambda h: h + np.int8(60), r"has h from \d+ to \d+; want -25 to 25"),
        ("re", lambda re: re * np.float32("nan"), r"F\(000\)"),
        ("re", lambda re: re * 0, r"F\(000\) .* makes 0 electrons"),
        ("re", lambda re: np.append(re[:-1], np.float32("nan")), r"values .* are not finite"),
        ("electrons", lambda electrons: electrons + 1, r"F\(000\)"),
    ],
)
def test_damaged_coefficients(dft_rows, tmp_path, column, change, message):
    path = tmp_path / "dft.parquet"
    write_table(path, spoiled(dft_rows, column, change), {})
    crystals = crystals_of(dft_rows[["material_id", "lattice", "atomic_numbers", "frac_coords"]])
    with pytest.raises(CrystalNetError, match=message) as caught:
        only(DftDensities(path, TOLERANCE), crystals)
    assert crystals[1].material_id in str(caught.value)


def test_a_dft_file_with_a_crystal_twice(dft_rows, tmp_path):
    path = tmp_path / "dft.parquet"
    write_table(path, pd.concat([dft_rows, dft_rows.iloc[:1]]), {})
    with pytest.raises(CrystalNetError, match="stands in 2 rows"):
        only(DftDensities(path, TOLERANCE), crystals_of(dft_rows))


# --- IAM -------------------------------------------------------------------------------------


def test_iam_of_more_crystals_than_a_batch(table, monkeypatch):
    monkeypatch.setattr("pipeline.sources.iam.BATCH", 2)
    crystals = crystals_of(table.head(5))
    source = IamDensities(DATA / "valence_gaussians.json", "cpu")
    records = only(source, crystals, 12)
    assert [r.material_id for r in records] == [c.material_id for c in crystals]
    assert source.available() is None
    assert "grid_electrons" in records[0].provenance


# --- CHGCAR files ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for name, copy in [
        ("Si_sg227_28x28x28_5c8585.CHGCAR.xz", "mp-149.CHGCAR.xz"),
        ("Fe3O4_sg166_36x36x36_517c2a.CHGCAR.xz", "CHGCAR_mp-19306.xz"),
        ("Cr_sg229_36x36x36_48f73b.CHGCAR.xz", "mp-90.chgcar"),
    ]:
        shutil.copy(DATA / "chgcars" / name, tmp_path / copy)
    (tmp_path / "README.md").write_text("notes\n")
    return tmp_path


def test_chgcar_files_as_crystals(folder):
    frame = ChgcarFolder(folder, "exact", TOLERANCE).crystals().set_index("material_id")
    assert set(frame.index) == {"mp-149", "mp-19306", "mp-90"}
    assert frame["formula_pretty"].to_dict() == {"mp-149": "Si", "mp-19306": "Fe3O4", "mp-90": "Cr"}
    assert frame["spacegroup_number"].to_dict() == {"mp-149": 227, "mp-19306": 166, "mp-90": 229}
    assert frame["crystal_system"].to_dict() == {
        "mp-149": "cubic",
        "mp-19306": "trigonal",
        "mp-90": "cubic",
    }
    assert frame["is_stable"].all()
    assert frame["split"].isna().all()
    assert list(frame.reset_index().columns) == list(CRYSTAL_SOURCE_COLUMNS)


def test_chgcar_crystals_survive_a_table(folder, tmp_path):
    source = ChgcarFolder(folder, "exact", TOLERANCE)
    write_table(tmp_path / "t.parquet", source.crystals(), {})
    crystals = crystals_of(pd.read_parquet(tmp_path / "t.parquet"))
    assert [len(c.atomic_numbers) for c in crystals] == [14, 2, 1]


@pytest.mark.parametrize("route", ["exact", "pyrho"])
def test_chgcar_densities(folder, route):
    source = ChgcarFolder(folder, route, TOLERANCE)
    assert source.available() == {"mp-149", "mp-19306", "mp-90"}
    records = only(source, crystals_of(source.crystals())[::-1], 30)
    electrons = {record.material_id: record.electrons for record in records}
    assert electrons == pytest.approx({"mp-149": 8, "mp-19306": 96, "mp-90": 12}, rel=1e-5)
    for record in records:
        tolerance = 1e-4 if route == "exact" else 0.02
        assert record.provenance["grid_electrons"] == pytest.approx(record.electrons, rel=tolerance)
        assert record.provenance["resample"] == route
        assert len(record.provenance["sha256"]) == 64


def test_chgcar_grid_too_coarse_for_its_electrons(folder):
    source = ChgcarFolder(folder, "exact", TOLERANCE)
    with pytest.raises(CrystalNetError, match=r"mp-\d+: .* electrons on the grid of 8\^3 points"):
        only(source, crystals_of(source.crystals()), 8)


def test_chgcar_of_a_crystal_that_is_not_there(folder):
    crystal = Crystal("mp-2", np.eye(3) * 4, np.array([1]), np.zeros((1, 3)))
    with pytest.raises(CrystalNetError, match="holds no CHGCAR of mp-2"):
        only(ChgcarFolder(folder, "exact", TOLERANCE), [crystal])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mp-149.CHGCAR.gz", r"mp-149\.CHGCAR\.gz is mp-149 too"),
        ("CHGCAR", "holds no material id"),
        ("CHGCAR.gz", "holds no material id"),
    ],
)
def test_names_that_cannot_be_used(folder, name, message):
    shutil.copy(folder / "mp-90.chgcar", folder / name)
    with pytest.raises(CrystalNetError, match=message):
        ChgcarFolder(folder, "exact", TOLERANCE).available()


def test_a_folder_without_files(tmp_path):
    with pytest.raises(CrystalNetError, match="holds no CHGCAR file"):
        ChgcarFolder(tmp_path, "exact", TOLERANCE).available()
    with pytest.raises(CrystalNetError, match="no such folder"):
        ChgcarFolder(tmp_path / "none", "exact", TOLERANCE).available()


def test_a_damaged_file_is_found_before_any_work(folder):
    (folder / "mp-1.CHGCAR").write_bytes((folder / "mp-90.chgcar").read_bytes()[:-50])
    with pytest.raises(CrystalNetError, match=r"mp-1\.CHGCAR: the compressed file is cut short"):
        ChgcarFolder(folder, "exact", TOLERANCE).crystals()


# --- The factories ---------------------------------------------------------------------------


def test_factories_and_the_files_to_watch(folder):
    params = chosen("embedded", "dft")
    assert crystal_source(params).name == "embedded"
    assert density_source(params).name == "dft"
    assert source_files(params) == [DFT, STRUCTURES]
    params = chosen("embedded", "iam")
    assert density_source(params).name == "iam"
    assert source_files(params) == [STRUCTURES, DATA / "valence_gaussians.json"]
    params = chosen("chgcar", "chgcar", chgcar_folder=str(folder))
    assert crystal_source(params).name == density_source(params).name == "chgcar"
    assert [path.name for path in source_files(params)] == [
        "CHGCAR_mp-19306.xz",
        "mp-149.CHGCAR.xz",
        "mp-90.chgcar",
    ]
    params = chosen("chgcar", "chgcar", chgcar_folder=str(folder / "none"))
    assert source_files(params) == [folder / "none"]


def test_the_materials_project_is_chosen_without_a_key(monkeypatch):
    """The graph is planned without one; only asking for crystals needs it."""
    monkeypatch.delenv("MP_API_KEY", raising=False)
    params = chosen("materials_project", "materials_project")
    assert source_files(params) == [DATA / "paper_split.parquet"]
    assert crystal_source(params).name == density_source(params).name == "materials_project"
    assert density_source(params).available() is None
    with pytest.raises(CrystalNetError, match="answers only with an API key"):
        crystal_source(params).crystals()

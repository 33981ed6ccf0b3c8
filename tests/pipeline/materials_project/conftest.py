"""The real clients, turned to a stand-in on 127.0.0.1."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.crystal_tables import crystals_of
from pipeline.sections import MaterialsProject
from pipeline.sources.materials_project.densities import MaterialsProjectDensities
from pipeline.sources.materials_project.query import MaterialsProjectCrystals
from pipeline.tables import write_table
from tests.standin.materials_project import Standin
from tests.standin.server import environment, running

# As in params.yaml, but without waiting.
SETTINGS = MaterialsProject(
    parallel_requests=4, tries=4, first_wait=0.0, longest_wait=0.0, keep_raw=False
)
GRID = 10


@dataclass
class Workplace:
    """The two sources with a folder of their own."""

    folder: Path
    settings: MaterialsProject = SETTINGS

    def source(self, *systems: str) -> MaterialsProjectCrystals:
        return MaterialsProjectCrystals(
            systems or ("cubic",),
            self.folder / "paper.parquet",
            self.folder / "others.parquet",
            self.folder / "work",
            self.settings,
        )

    def table(self, *systems: str) -> pd.DataFrame:
        """The crystals, also written as the table that the densities are chosen from."""
        frame = self.source(*systems).crystals()
        write_table(self.folder / "split.parquet", frame, {})
        return frame

    def densities(self, frame: pd.DataFrame, **changes: Any) -> list[Any]:
        source = MaterialsProjectDensities(
            self.folder / "split.parquet",
            self.folder / "work",
            "exact",
            1e-4,
            self.settings.model_copy(update=changes),
            processes=1,
        )
        return list(source.densities(crystals_of(frame), GRID))


@pytest.fixture(scope="session")
def _standin() -> Iterator[Standin]:
    with running() as standin:
        yield standin


@pytest.fixture(scope="session", autouse=True)
def _fields_are_listed_once() -> Iterator[None]:
    """The client lists the fields of a model anew for each one that it is asked for.

    It writes the schema of the whole model for that, the same each time, and five sixths of the
    time of these tests went there.
    """
    from mp_api.client.core.client import BaseRester

    listed: dict[Any, list[str]] = {}
    listing = BaseRester.available_fields.fget

    def available_fields(rester: Any) -> list[str]:
        model = rester.document_model
        if model not in listed:
            listed[model] = listing(rester)
        return listed[model]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseRester, "available_fields", property(available_fields))
        yield


@pytest.fixture
def standin(
    _standin: Standin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Standin]:
    from mp_api.client import MPRester
    from mp_api.client.core.client import _Rester

    for name, value in environment(_standin, str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    MPRester.get_emmet_version.cache_clear()
    _Rester._get_heartbeat_info.cache_clear()
    yield _standin
    _standin.clear()


@pytest.fixture
def place(standin: Standin, tmp_path: Path) -> Workplace:
    paper = pd.DataFrame(
        {
            "material_id": ["mp-1", "mp-2", "mp-900", "mp-901", "mp-902"],
            "crystal_system": ["cubic", "cubic", "cubic", "cubic", "trigonal"],
            "split": ["test", "train", "train", "val", "train"],
            "is_stable": [True, False, False, True, True],
        }
    )
    write_table(tmp_path / "paper.parquet", paper, {})
    others = pd.DataFrame({"material_id": ["mp-7", "mp-8"], "split": ["val", "train"]})
    write_table(tmp_path / "others.parquet", others, {})
    return Workplace(tmp_path)

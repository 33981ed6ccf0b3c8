"""Where crystals and densities come from; params.yaml chooses by name.

A new source is a module here with a class that fits `base.CrystalSource` or
`base.DensitySource`, and a line in the two factories and in `source_files`. They are imported
where they are used, because the graph asks for `source_files` at every start of an engine.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.params import PAPER_SYSTEMS, Params

if TYPE_CHECKING:
    from pipeline.sources.base import CrystalSource, DensitySource
    from pipeline.sources.chgcar_folder import ChgcarFolder

DATA = Path("data")
STRUCTURES_FILE = "structures.parquet"
"""Cubic and trigonal crystals, with the paper's split."""
FIVE_SYSTEMS_FILE = "structures_five_systems.parquet"
"""Those of the other systems, with a split by formula and space group."""
DFT_FILE = "dft_densities.parquet"
GAUSSIANS_FILE = "valence_gaussians.json"
GAUSSIANS = DATA / GAUSSIANS_FILE
PAPER_FILE = "paper_split.parquet"


def crystal_source(params: Params, data: Path = DATA) -> "CrystalSource":
    """The source that `structures.source` names."""
    match params.structures.source:
        case "embedded":
            from pipeline.sources.embedded import EmbeddedCrystals

            return EmbeddedCrystals(structures_files(params.systems, data))
        case "chgcar":
            return _chgcar_folder(params)
        case "materials_project":
            from pipeline.sources.materials_project.query import MaterialsProjectCrystals

            return MaterialsProjectCrystals(
                params.systems,
                data / PAPER_FILE,
                data / FIVE_SYSTEMS_FILE,
                store.MATERIALS_PROJECT_WORK,
                params.materials_project,
            )


def density_source(
    params: Params,
    data: Path = DATA,
    device: str = "cpu",
    table: Path = store.SPLIT,
    processes: int = 1,
) -> "DensitySource":
    """The source that `densities.source` names.

    Args:
        device: where IAM densities are computed.
        table: the crystals, with what a source that fetches each density must know of it.
        processes: that such a source may use.
    """
    match params.densities.source:
        case "dft":
            from pipeline.sources.embedded import DftDensities

            return DftDensities(data / DFT_FILE, params.densities.electron_tolerance)
        case "iam":
            from pipeline.sources.iam import IamDensities

            return IamDensities(data / GAUSSIANS_FILE, device)
        case "chgcar":
            return _chgcar_folder(params)
        case "materials_project":
            from pipeline.sources.materials_project.densities import MaterialsProjectDensities

            return MaterialsProjectDensities(
                table,
                store.MATERIALS_PROJECT_WORK,
                params.densities.resample,
                params.densities.electron_tolerance,
                params.materials_project,
                processes,
            )


def source_files(params: Params, data: Path = DATA) -> list[Path]:
    """The files that the chosen sources read, for an engine to watch."""
    files = set()
    if params.structures.source == "embedded":
        files |= set(structures_files(params.systems, data))
    if params.densities.source == "dft":
        files.add(data / DFT_FILE)
    if params.densities.source == "iam":
        files.add(data / GAUSSIANS_FILE)
    if "chgcar" in (params.structures.source, params.densities.source):
        files |= _chgcar_files(Path(params.densities.chgcar_folder))
    if params.structures.source == "materials_project":
        files.add(data / PAPER_FILE)
        if set(params.systems) - set(PAPER_SYSTEMS):
            files.add(data / FIVE_SYSTEMS_FILE)
    return sorted(files)


def structures_file(system: str, data: Path = DATA) -> Path:
    """The table of the embedded crystals of one system."""
    return data / (STRUCTURES_FILE if system in PAPER_SYSTEMS else FIVE_SYSTEMS_FILE)


def structures_files(systems: Iterable[str], data: Path = DATA) -> list[Path]:
    """The tables of the embedded crystals of some systems."""
    return sorted({structures_file(system, data) for system in systems})


def _chgcar_folder(params: Params) -> "ChgcarFolder":
    from pipeline.sources.chgcar_folder import ChgcarFolder

    settings = params.densities
    return ChgcarFolder(
        Path(settings.chgcar_folder), settings.resample, settings.electron_tolerance
    )


def _chgcar_files(folder: Path) -> set[Path]:
    from pipeline.sources.chgcar_folder import chgcar_files

    try:
        return set(chgcar_files(folder).values())
    except CrystalNetError:
        # The step that reads the folder says what is wrong with it; an engine only watches it.
        return {folder}

"""A folder of CHGCAR files of the user's own: crystals and densities in one."""

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError

from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.resampling import Resample, resample, resample_pyrho
from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256
from pipeline.sources.base import (
    CRYSTAL_SOURCE_COLUMNS,
    DensityRecord,
    density_record,
    refuse_lost_electrons,
)

# Distance in A within which atoms count as symmetric, as in the embedded table.
SYMPREC = 0.1

_SUFFIXES = re.compile(r"([._-]?CHGCAR)?(\.vasp)?(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9._+-]+")
_PREFIX = re.compile(r"^CHGCAR[._-]", re.IGNORECASE)


def chgcar_files(folder: Path) -> dict[str, Path]:
    """The files of a folder whose names hold CHGCAR, by material id.

    The id is the name without CHGCAR and the suffix of a compression: mp-149.CHGCAR.gz and
    CHGCAR_mp-149 are both mp-149.

    Raises:
        CrystalNetError: for a folder that is missing or holds none, a name without an id, or two
            files of one id.
    """
    if not folder.is_dir():
        raise CrystalNetError(
            f"{folder}: no such folder; make it and put CHGCAR files there, or change "
            "densities.chgcar_folder in params.yaml"
        )
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        # Editors leave copies that end in ~.
        if "chgcar" not in path.name.lower() or path.name.startswith(".") or path.name[-1] == "~":
            continue
        if not path.exists():
            raise CrystalNetError(f"{path}: a link that leads nowhere; mend or remove it")
        if not path.is_file():
            continue
        if not _NAME.fullmatch(path.name):
            raise CrystalNetError(
                f"{str(path)!a}: its name stands for the crystal; rename it with "
                "letters, digits and . _ + - alone"
            )
        material_id = _PREFIX.sub("", _SUFFIXES.sub("", path.name))
        if not material_id or material_id.lower() == "chgcar":
            raise CrystalNetError(
                f"{path}: its name holds no material id; rename it, for example to mp-149.CHGCAR"
            )
        if material_id in files:
            raise CrystalNetError(
                f"{path}: {files[material_id].name} is {material_id} too; give every crystal an id "
                "of its own"
            )
        files[material_id] = path
    if not files:
        raise CrystalNetError(
            f"{folder}: holds no CHGCAR file; names must hold CHGCAR, as in mp-149.CHGCAR.gz"
        )
    return files


class ChgcarFolder:
    """CHGCAR files as crystals and as densities.

    Whether these crystals are stable is not known: they count as stable, so that they may stand
    in any split.
    """

    name = "chgcar"
    label = "CHGCAR files of your own"
    licence = "that of the files"

    def __init__(self, folder: Path, resample: Resample, electron_tolerance: float) -> None:
        self.folder = folder
        self.resample = resample
        self.electron_tolerance = electron_tolerance
        self.left_out: dict[str, str] = {}

    def crystals(self) -> pd.DataFrame:
        """One row per file; every file is read whole, so a damaged one is found before any work.

        Raises:
            CrystalNetError: naming the file that cannot be used.
        """
        rows = [_row(path, material_id) for material_id, path in chgcar_files(self.folder).items()]
        return pd.DataFrame(rows, columns=list(CRYSTAL_SOURCE_COLUMNS))

    def available(self) -> frozenset[str]:
        """The ids of the files."""
        return frozenset(chgcar_files(self.folder))

    def densities(self, crystals: Sequence[Crystal], grid: int) -> Iterator[DensityRecord]:
        """The densities of the crystals, resampled from the files' own grids.

        Raises:
            CrystalNetError: for a crystal without a file, a file that cannot be used, or
                electrons lost in resampling.
        """
        files = chgcar_files(self.folder)
        for crystal in crystals:
            path = files.get(crystal.material_id)
            if path is None:
                raise CrystalNetError(
                    f"{self.folder}: holds no CHGCAR of {crystal.material_id}; put it there, or "
                    "collect the structures again"
                )
            charge = read_chgcar(path)
            route = resample if self.resample == "exact" else resample_pyrho
            record = density_record(
                crystal,
                route(charge.density, grid),
                charge.electrons,
                {
                    "file": path.name,
                    "sha256": sha256(path),
                    "method": "VASP CHGCAR, total charge",
                    "grid": "x".join(map(str, charge.density.shape)),
                    "resample": self.resample,
                },
                of=charge.crystal,
            )
            # What mp-pyrho's route loses is part of the parity it is kept for; it is recorded.
            if self.resample == "exact":
                refuse_lost_electrons(record, self.electron_tolerance)
            yield record


def _row(path: Path, material_id: str) -> dict[str, object]:
    crystal = read_chgcar(path).crystal
    structure = crystal.to_structure()
    try:
        with warnings.catch_warnings():
            # spglib 2.8 announces at every call how it will report errors from version 3 on.
            warnings.simplefilter("ignore", DeprecationWarning)
            symmetry = SpacegroupAnalyzer(structure, symprec=SYMPREC)
            number, system = symmetry.get_space_group_number(), symmetry.get_crystal_system()
    except (SymmetryUndeterminedError, TypeError) as error:
        raise CrystalNetError(
            f"{path}: spglib finds no space group within {SYMPREC} A ({error}); "
            "are atoms of the cell on top of each other?"
        ) from None
    return {
        "material_id": material_id,
        "formula_pretty": structure.composition.reduced_formula,
        "spacegroup_number": int(number),
        "crystal_system": str(system),
        "nsites": len(crystal.atomic_numbers),
        "lattice": crystal.lattice.ravel(),
        "atomic_numbers": crystal.atomic_numbers,
        "frac_coords": crystal.frac_coords.ravel(),
        "source": path.name,
        "has_mp_charge_density": False,
        "split": None,
        "is_stable": True,
    }

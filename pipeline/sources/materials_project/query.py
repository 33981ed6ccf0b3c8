"""The crystals of the Materials Project, as a source for the structures step."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from crystalnet.errors import CrystalNetError
from pipeline.crystal_tables import OBJECT_COLUMNS
from pipeline.params import PAPER_SYSTEMS
from pipeline.sections import MaterialsProject
from pipeline.sources.base import CRYSTAL_SOURCE_COLUMNS
from pipeline.sources.materials_project.client import Service, database_version
from pipeline.sources.materials_project.crystals import LeftOut, Row, crystals_of_system
from pipeline.sources.materials_project.ids import canonical_id
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.objects import Bucket
from pipeline.sources.materials_project.resolve import BATCH, resolve
from pipeline.tables import read_table, refuse_repeats

# How often a query is begun anew because the database changed under it.
_BEGINNINGS = 3


class MaterialsProjectCrystals:
    """The crystals that have a density in the public bucket, for any of the seven systems.

    The paper's split and stability stand beside its ids, as in the embedded table; all other
    crystals are stable if their energy above the hull is 0 in the database of today. Of systems
    that the paper does not have, the split of the embedded table stands beside its ids.

    Args:
        paper: the table of the paper's ids.
        embedded: that of the embedded crystals of the other five systems.

    Attributes:
        left_out: after `crystals`, the reason for each crystal that is not among them.
    """

    name = "materials_project"

    def __init__(
        self,
        systems: Sequence[str],
        paper: Path,
        embedded: Path,
        work: Path,
        settings: MaterialsProject,
    ) -> None:
        self._systems = systems
        self._paper = paper
        self._embedded = embedded
        self._work = work
        self._settings = settings
        self.left_out: LeftOut = {}

    def crystals(self) -> pd.DataFrame:
        """One row per crystal, with CRYSTAL_SOURCE_COLUMNS and OBJECT_COLUMNS.

        Raises:
            CrystalNetError: without a usable key, or if the service cannot be asked.
        """
        service = Service(self._settings)
        version = service.database_version
        answers = self._work / "answers"
        for _ in range(_BEGINNINGS):
            if others := Kept.versions(answers) - {version}:
                print(
                    f"materials_project: the database is {version} now, answers of "
                    f"{', '.join(sorted(others))} are kept but not used: the query begins anew; "
                    "densities that were fetched stay",
                    flush=True,
                )
            frame = self._ask(service, version, Kept(answers, version))
            before, version = version, database_version(self._settings)
            if version == before:
                return frame
        raise CrystalNetError(
            f"the Materials Project changed its database {_BEGINNINGS} times during the query, "
            f"last to {version}; run again later"
        )

    def _ask(self, service: Service, version: str, kept: Kept) -> pd.DataFrame:
        queried = kept.get("queried", lambda: datetime.now(UTC).date().isoformat())
        rows: list[Row] = []
        self.left_out = {}
        for system in self._systems:
            found, left_out = crystals_of_system(service, system, kept)
            print(f"materials_project: {len(found)} {system} crystals flagged with a density")
            rows += found
            self.left_out |= left_out
        listing = Bucket(self._settings).listing(kept)
        print(f"materials_project: {len(listing)} densities in the bucket", flush=True)
        ids = sorted({row["material_id"] for row in rows})
        tasks, reasons = resolve(service, ids, listing.keys(), kept)
        self.left_out |= reasons
        paper, splits = self._paper_ids(), self._embedded_splits()
        kept_rows = [row for row in rows if row["material_id"] in tasks]
        for row in kept_rows:
            stored = listing[tasks[row["material_id"]]]
            row |= {
                "source": f"Materials Project {version}",
                "has_mp_charge_density": True,
                "split": splits.get(row["material_id"]),
                "task_id": stored.task_id,
                "object_bytes": stored.size,
                "object_etag": stored.etag,
                "object_modified": stored.modified,
                "database_version": version,
                "queried": queried,
            }
            if (known := paper.get(row["material_id"])) is not None:
                row |= known
        present = {row["material_id"] for row in rows} | self.left_out.keys()
        self.left_out |= self._why_missing(service, sorted(paper.keys() - present), kept)
        for reason, count in Counter(map(kind_of, self.left_out.values())).most_common():
            print(f"materials_project: {count} left out: {reason}")
        frame = pd.DataFrame(kept_rows, columns=[*CRYSTAL_SOURCE_COLUMNS, *OBJECT_COLUMNS])
        refuse_repeats(frame, "the Materials Project's answer")
        return frame

    def _paper_ids(self) -> dict[str, dict[str, Any]]:
        """Split and stability of the paper's own crystals in the chosen systems."""
        table = read_table(self._paper, ["material_id", "crystal_system", "split", "is_stable"])
        table = table[table["crystal_system"].isin(list(self._systems))]
        return {
            material_id: {"split": split, "is_stable": bool(stable)}
            for material_id, split, stable in zip(
                table["material_id"], table["split"], table["is_stable"], strict=True
            )
        }

    def _embedded_splits(self) -> dict[str, str]:
        """Splits of embedded crystals in those of the chosen systems that the paper lacks."""
        if not set(self._systems) - set(PAPER_SYSTEMS):
            return {}
        table = read_table(self._embedded, ["material_id", "split"])
        return dict(zip(table["material_id"], table["split"], strict=True))

    def _why_missing(self, service: Service, ids: list[str], kept: Kept) -> LeftOut:
        """Why ids of the paper are not among the crystals flagged with a density."""
        reasons = {}
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            found = kept.get(
                f"missing-{first:05d}-{len(ids)}",
                partial(
                    service.ask,
                    f"{len(batch)} crystals of the paper from {batch[0]}",
                    partial(_states, batch),
                ),
            )
            for material_id in batch:
                reasons[material_id] = f"of the paper: {found.get(material_id, 'unknown by now')}"
        return reasons


def kind_of(reason: str) -> str:
    """A reason without what differs between crystals, to count by."""
    return reason.split(" (")[0].split(" none of ")[0].split(": error")[0]


def _states(ids: list[str], client: Any) -> dict[str, str]:
    states = {}
    for document in client.materials.summary.search(
        material_ids=ids, fields=["material_id", "deprecated", "symmetry", "has_props"]
    ):
        system = str((document.get("symmetry") or {}).get("crystal_system")).lower()
        states[canonical_id(document["material_id"])] = (
            "deprecated" if document.get("deprecated") else f"{system}, without a charge density"
            if not (document.get("has_props") or {}).get("charge_density")
            else f"{system} by now"
        )  # fmt: skip
    return states

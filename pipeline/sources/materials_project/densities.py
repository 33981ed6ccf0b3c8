"""Charge densities of the Materials Project: fetched by threads, resampled by processes."""

import multiprocessing
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import (
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from crystalnet.crystallography.chgcar import electron_bounds
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.resampling import Resample
from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write, locked
from pipeline import store
from pipeline.crystal_tables import OBJECT_COLUMNS
from pipeline.sections import MaterialsProject
from pipeline.sources.base import (
    DensityFailure,
    DensityRecord,
    density_record,
    refuse_lost_electrons,
)
from pipeline.sources.identity import CALCULATED
from pipeline.sources.materials_project.client import database_version
from pipeline.sources.materials_project.ids import task_key
from pipeline.sources.materials_project.objects import Bucket, Damaged, StoredObject
from pipeline.sources.materials_project.parse import (
    Parsed,
    Unreadable,
    end_with_parent,
    most_bytes,
    parse,
)
from pipeline.sources.materials_project.parts import Facts, Part, Parts, stored_objects
from pipeline.sources.materials_project.retry import Permanent, Unreachable
from pipeline.steps import command
from pipeline.tables import read_table

LICENCE = "CC BY 4.0"

# A worker process starts from one that has loaded these once.
_PRELOAD = ["pipeline.sources.materials_project.densities"]


class MaterialsProjectDensities:
    """The densities that the table of the split names, from the public bucket; needs no key.

    Each thread takes one crystal from fetching to its kept file, so that at most
    `parallel_requests` objects are in memory, however many crystals there are.
    """

    name = "materials_project"
    label = "Materials Project charge densities (VASP, GGA and GGA+U)"
    licence = LICENCE

    def __init__(
        self,
        table: Path,
        work: Path,
        resample: Resample,
        electron_tolerance: float,
        settings: MaterialsProject,
        processes: int,
    ) -> None:
        self._table = table
        self._work = work
        self._resample = resample
        self._tolerance = electron_tolerance
        self._settings = settings
        self._processes = processes

    def available(self) -> None:
        """The crystals of this source are those with a density already."""
        return None

    def densities(
        self, crystals: Sequence[Crystal], grid: int
    ) -> Iterator[DensityRecord | DensityFailure]:
        """The densities of the crystals in their order, or why there is none.

        Raises:
            CrystalNetError: if the table lacks a crystal.
            Unreachable: if objects still fail in passing after all tries; the others are kept.
        """
        ids = [crystal.material_id for crystal in crystals]
        columns = ("material_id", *OBJECT_COLUMNS)
        rows = read_table(self._table, columns, set(ids))
        objects = stored_objects({name: rows[name].to_numpy() for name in columns})
        versions = dict(zip(rows["material_id"], rows["database_version"], strict=True))
        dates = dict(zip(rows["material_id"], rows["queried"], strict=True))
        parts = Parts(self._work, grid, self._resample)
        # Two crystals of one object wait for the same part.
        missing: dict[StoredObject, int] = {}
        for crystal in crystals:
            stored = objects[crystal.material_id]
            limit = most_bytes(len(crystal.atomic_numbers), crystal.volume)
            if not _decided(parts.read(stored), limit):
                missing[stored] = max(limit, missing.get(stored, 0))
        if missing:
            self._tell_of_another_database(set(versions.values()))
            self._fetch(missing, grid, parts)
        for crystal in crystals:
            stored = objects[crystal.material_id]
            part = parts.read(stored)
            if part is None:
                raise CrystalNetError(
                    f"{parts.folder}: the kept density of {crystal.material_id} cannot be read "
                    "just after it was written; check the disk and run again"
                )
            facts: Facts = {
                "task_id": stored.task_id,
                "object": stored.key,
                "etag": stored.etag,
                "object_modified": stored.modified,
                "database_version": str(versions[crystal.material_id]),
                "queried": str(dates[crystal.material_id]),
                "licence": LICENCE,
                **part.facts,
            }
            yield self._record(crystal, part, facts)

    def _record(self, crystal: Crystal, part: Part, facts: Facts) -> DensityRecord | DensityFailure:
        if part.density is None or part.cell is None:
            return DensityFailure(crystal.material_id, str(facts["reason"]))
        try:
            record = density_record(
                crystal,
                part.density,
                float(facts["electrons"]),
                facts,
                of=part.cell,
                tolerance=CALCULATED,
            )
            if self._resample == "exact":
                refuse_lost_electrons(record, self._tolerance)
        except CrystalNetError as error:
            return DensityFailure(crystal.material_id, str(error))
        return record

    def _tell_of_another_database(self, versions: set[str]) -> None:
        """Objects are named by their versions, so what was chosen from another database holds."""
        try:
            now = database_version(self._settings.model_copy(update={"tries": 1}))
        except Unreachable:
            # The bucket is another service, which may well answer.
            return
        if versions != {now}:
            print(
                f"densities: the crystals were chosen from the database {', '.join(versions)}, "
                f"which is {now} now; they are fetched as chosen. To choose anew, delete "
                f"{store.STRUCTURES} and run again",
                flush=True,
            )

    def _fetch(self, wanted: Mapping[StoredObject, int], grid: int, parts: Parts) -> None:
        stop = threading.Event()
        bucket = Bucket(self._settings, stop.wait)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOAD)
        tell = command.counter("densities, fetched")
        came, in_a_row, failure = 0, 0, ""
        with (
            ProcessPoolExecutor(self._processes, context, end_with_parent) as processes,
            ThreadPoolExecutor(self._settings.parallel_requests) as threads,
        ):
            waiting = [
                threads.submit(self._one, stored, limit, grid, bucket, processes, parts)
                for stored, limit in wanted.items()
            ]
            try:
                for done, future in enumerate(as_completed(waiting), start=1):
                    try:
                        future.result()
                        came, in_a_row = came + 1, 0
                    except Unreachable as error:
                        failure, in_a_row = str(error), in_a_row + 1
                    # Nothing comes any more: the service is away, and asking on helps nobody.
                    if in_a_row >= 2 * self._settings.parallel_requests:
                        break
                    tell(done, len(wanted))
            except BrokenProcessPool:
                raise CrystalNetError(
                    "a process that resamples densities was ended from outside, for example for "
                    "want of memory; run again with fewer --cores"
                ) from None
            finally:
                stop.set()
                threads.shutdown(wait=False, cancel_futures=True)
        if failure:
            raise Unreachable(
                f"{len(wanted) - came} of {len(wanted)} densities did not come; {failure}"
            )

    def _one(
        self,
        stored: StoredObject,
        limit: int,
        grid: int,
        bucket: Bucket,
        processes: ProcessPoolExecutor,
        parts: Parts,
    ) -> None:
        """Fetch, resample and keep one object, or the reason why it cannot be used.

        Args:
            limit: bytes that the density of the largest crystal that asks for it can need.
        """
        digests: set[str] = set()

        def fetch_and_parse() -> tuple[Parsed, str]:
            try:
                raw = self._raw(stored, bucket)
                try:
                    parsed = processes.submit(parse, raw, grid, self._resample, limit).result()
                    return parsed, stored.digest(raw)
                except Unreadable as error:
                    if error.packed_whole or stored.whole(raw):
                        raise Permanent(error.reason) from None
                    raise Damaged(error.reason, stored.digest(raw)) from None
            except Damaged as error:
                if error.digest in digests:
                    raise Permanent(f"{error}, twice the same") from None
                digests.add(error.digest)
                raise

        try:
            parsed, md5 = bucket.tried(stored.key, fetch_and_parse)
            part = _checked(stored, parsed, md5)
        except Permanent as error:
            part = Part(None, {"reason": str(error), "limit": limit})
        parts.write(stored, part)

    def _raw(self, stored: StoredObject, bucket: Bucket) -> bytes:
        if not self._settings.keep_raw:
            return bucket.fetch(stored)
        path = self._work / "raw" / Path(stored.key).name
        if path.is_file() and stored.whole(raw := path.read_bytes()):
            return raw
        raw = bucket.fetch(stored)
        with locked(path.parent), atomic_write(path) as temporary:
            temporary.write_bytes(raw)
        return raw


def _decided(part: Part | None, limit: int) -> bool:
    """Whether a kept part says what became of the object, for a crystal of this limit in bytes.

    What was refused for a smaller crystal may be the density of a larger one.
    """
    if part is None or part.density is not None:
        return part is not None
    return float(part.facts.get("limit", 0)) >= limit


def _checked(stored: StoredObject, parsed: Parsed, md5: str) -> Part:
    """What is kept of an object that holds a density of the calculation it is named after.

    Raises:
        Permanent: for another calculation, a cell that is none, or electrons that no such cell has.
    """
    if parsed.task_id is not None and task_key(parsed.task_id) != task_key(stored.task_id):
        raise Permanent(
            f"its object {stored.key} says it is of the calculation {parsed.task_id}; want "
            f"{stored.task_id}"
        )
    try:
        cell = Crystal(stored.task_id, parsed.lattice, parsed.atomic_numbers, parsed.frac_coords)
    except CrystalNetError as error:
        raise Permanent(f"its object holds no crystal: {error}") from None
    least, most = electron_bounds(cell)
    if not least <= parsed.electrons <= most:
        raise Permanent(
            f"its object holds {parsed.electrons:.6g} electrons; want {least:g} to {most:g}"
        )
    facts: Facts = {
        "md5": md5,
        "grid": "x".join(map(str, parsed.shape)),
        "electrons": parsed.electrons,
        # Of the calculation's cell, which can differ a little from the one in the summary.
        "volume": cell.volume,
    }
    return Part(parsed.density, facts, cell)

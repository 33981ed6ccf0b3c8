"""Which calculation a material's density comes from: many materials in one request."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pipeline.sources.materials_project.client import Service
from pipeline.sources.materials_project.ids import canonical_id, task_key
from pipeline.sources.materials_project.kept import Kept
from pipeline.sources.materials_project.retry import Transient

# Ids in one request: longer addresses are refused.
BATCH = 200
# The calculations that the paper's densities are of, as in the client's own method.
STATIC = ("GGA Static", "GGA+U Static")


def resolve(
    service: Service, material_ids: Sequence[str], stored: Collection[str], kept: Kept
) -> tuple[dict[str, str], dict[str, str]]:
    """The task of each material's density: its newest static GGA or GGA+U run that is stored.

    Args:
        stored: the task ids that have an object in the bucket.

    Returns:
        the task id of each material; and the reason for each that has none.
    """
    candidates: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for batch in _batches(material_ids):
        found = kept.get(_name("calc-types", batch), partial(_calc_types, service, batch))
        for material_id in batch:
            tasks = found.get(material_id)
            if tasks is None:
                reasons[material_id] = "the service lists no calculations for it"
            elif not tasks:
                reasons[material_id] = "it has no static GGA or GGA+U calculation"
            elif not (there := [task for task in tasks if task in stored]):
                reasons[material_id] = (
                    f"flagged with a charge density, but the bucket holds none of "
                    f"{', '.join(tasks[:3])}{' ...' if len(tasks) > 3 else ''}"
                )
            else:
                candidates[material_id] = there
    # Only where there is a choice does the date matter.
    several = sorted({task for tasks in candidates.values() if len(tasks) > 1 for task in tasks})
    dates: dict[str, str] = {}
    for batch in _batches(several):
        dates |= kept.get(_name("dates", batch), partial(_dates, service, batch))
    return {material: newest(tasks, dates) for material, tasks in candidates.items()}, reasons


def newest(tasks: Sequence[str], dates: Mapping[str, str]) -> str:
    """The task that was updated last; one without a date counts as the oldest."""
    return max(tasks, key=lambda task: (_moment(dates.get(task)), task))


def _calc_types(service: Service, material_ids: Sequence[str]) -> dict[str, list[str] | None]:
    """The static tasks of each material, null where its calculation types are null."""
    documents = service.ask(
        f"calculations of {len(material_ids)} materials from {material_ids[0]}",
        lambda client: client.materials.search(
            material_ids=list(material_ids), fields=["material_id", "calc_types"]
        ),
    )
    found: dict[str, list[str] | None] = {}
    for document in documents:
        types = document.get("calc_types")
        found[canonical_id(document["material_id"])] = (
            None
            if types is None
            else sorted({task_key(task) for task, kind in types.items() if kind in STATIC})
        )
    return found


def _dates(service: Service, tasks: Sequence[str]) -> dict[str, str]:
    def search(client: Any) -> list[Any]:
        documents = list(
            client.materials.tasks.search(
                task_ids=list(tasks), fields=["task_id", "last_updated"], chunk_size=2 * BATCH
            )
        )
        if not documents:
            raise Transient(f"no document of {len(tasks)} tasks")
        return documents

    return {
        task_key(document["task_id"]): str(_plain(document.get("last_updated")))
        for document in service.ask(f"dates of {len(tasks)} tasks from {tasks[0]}", search)
    }


def _plain(value: Any) -> Any:
    """A date without the wrapping of a database."""
    return value.get("$date") if isinstance(value, dict) else value


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), BATCH):
        yield ids[first : first + BATCH]


def _name(kind: str, ids: Sequence[str]) -> str:
    return f"{kind}-{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:16]}"

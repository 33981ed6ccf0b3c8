"""Which calculation a material's density comes from: many materials in one request."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pipeline.sources.materials_project.client import Service
from pipeline.sources.materials_project.ids import canonical_id, task_key
from pipeline.sources.materials_project.kept import Kept

# Ids in one request: longer addresses are refused.
BATCH = 200
# The calculations that the paper's densities are of, as in the client's own method.
STATIC = ("GGA Static", "GGA+U Static")

Document = dict[str, Any]


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

    def search(ids: list[str], client: Any) -> list[Document]:
        found = client.materials.search(material_ids=ids, fields=["material_id", "calc_types"])
        return list(found)

    documents = _documents(service, "calculations", search, material_ids, "material_id")
    return {
        material_id: None
        if (types := document.get("calc_types")) is None
        else sorted({task_key(task) for task, kind in types.items() if kind in STATIC})
        for material_id, document in documents.items()
    }


def _dates(service: Service, tasks: Sequence[str]) -> dict[str, str]:
    """When each task was updated, of those that the service has."""

    def search(ids: list[str], client: Any) -> list[Document]:
        return list(client.materials.tasks.search(task_ids=ids, fields=["task_id", "last_updated"]))

    documents = _documents(service, "dates", search, tasks, "task_id")
    return {
        task_key(task): str(_plain(each.get("last_updated"))) for task, each in documents.items()
    }


def _documents(
    service: Service,
    what: str,
    search: Callable[[list[str], Any], list[Document]],
    ids: Sequence[str],
    name: str,
) -> dict[str, Document]:
    """The documents of the ids that the service has.

    If an answer comes without its total the client silently keeps one document of it, so after a
    single one the others are asked for again.
    """
    found: dict[str, Document] = {}
    missing = list(ids)
    while missing:
        about = f"{what} of {len(missing)} ids from {missing[0]}"
        answer = service.ask(about, partial(search, missing))
        came = {canonical_id(each[name]): each for each in answer}
        found |= came
        if len(came) != 1:
            break
        missing = [each for each in missing if each not in found]
    return found


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

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
# How the types of all their calculations begin; r2SCAN, SCAN, HSE06, PBEsol and others do not.
FUNCTIONALS = ("GGA ", "GGA+U ")

Document = dict[str, Any]


def resolve(
    service: Service, material_ids: Sequence[str], stored: Collection[str], kept: Kept
) -> tuple[dict[str, str], dict[str, str]]:
    """The task of each material's density: its newest static GGA or GGA+U run that is stored.

    A material whose structure comes from another functional is left out: its cell is not that of
    the density. The service says of each calculation which type it is, and which one the structure
    comes from. Where it does not say the latter, it may be any of the calculations.

    Args:
        stored: the task ids that have an object in the bucket.

    Returns:
        the task id of each material; and the reason for each that has none.
    """
    candidates: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for batch in _batches(material_ids):
        found = kept.get(_name("calculations", batch), partial(_calc_types, service, batch))
        for material_id in batch:
            calculations = found.get(material_id)
            if calculations is None:
                reasons[material_id] = "the service lists no calculations for it"
                continue
            types: dict[str, str] = calculations["types"]
            tasks = sorted(task for task, kind in types.items() if kind in STATIC)
            if not tasks:
                reasons[material_id] = "it has no static GGA or GGA+U calculation"
            elif other := _another_functional(types, calculations["structure_from"]):
                reasons[material_id] = other
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


def _another_functional(types: Mapping[str, str], structure_from: str | None) -> str | None:
    """Why the structure may be of another functional than GGA or GGA+U; None if it is not."""
    possible = types if structure_from is None else {structure_from: types.get(structure_from)}
    for task, kind in sorted(possible.items()):
        if kind is None:
            return f"its structure comes from {task}, of which the service lists no type"
        if not kind.startswith(FUNCTIONALS):
            which = "may come" if structure_from is None else "comes"
            return (
                f"its structure {which} from another functional ({task}: {kind}); want GGA or "
                "GGA+U, as the density"
            )
    return None


def _calc_types(service: Service, material_ids: Sequence[str]) -> dict[str, Document | None]:
    """The type of each calculation of each material, null where the service has none.

    `structure_from` is the calculation that the material's structure comes from, null where the
    service does not say.
    """

    def search(ids: list[str], client: Any) -> list[Document]:
        fields = ["material_id", "calc_types", "origins"]
        return list(client.materials.search(material_ids=ids, fields=fields))

    documents = _documents(service, "calculations", search, material_ids, "material_id")
    return {
        material_id: None
        if (types := document.get("calc_types")) is None
        else {
            "types": {task_key(task): str(kind) for task, kind in types.items()},
            "structure_from": _structure_from(document),
        }
        for material_id, document in documents.items()
    }


def _structure_from(document: Document) -> str | None:
    """The task of a material's structure, as its provenance names it."""
    for origin in document.get("origins") or []:
        if origin.get("name") == "structure" and origin.get("task_id") is not None:
            return task_key(origin["task_id"])
    return None


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

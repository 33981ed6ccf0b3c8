"""What a stand-in for the Materials Project holds and answers, and how it fails (see `server`)."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.standin.crystals import stored_density, structure

KEY = "a1" * 16
BUCKET = "materialsproject-parsed"
GNOME = "gnome_r2scan_statics"
# Kinds of failure that pass: of any request, and of those to one of the two services.
PASSING = ("500", "503", "502", "429", "refused", "cut")
OF_REST = ("bad json", "empty")
OF_BUCKET = ("slowdown", "403", "corrupt")


@dataclass
class Fault:
    """A failure of the requests whose path matches, so often."""

    kind: str
    path: str = ""
    times: int = 1

    def meets(self, path: str) -> bool:
        return self.times > 0 and self.path in path


@dataclass
class Asked:
    """One request that came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    fault: str | None


@dataclass
class Standin:
    """What the service holds, how it fails, and what it was asked."""

    version: str = "2026.04.13"
    key: str = KEY
    summary: dict[str, dict[str, Any]] = field(default_factory=dict)
    core: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # In turn for every so many requests of each service, so that a whole run meets all kinds.
    every_of_bucket: int = 0
    every_of_rest: int = 0
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[str], None] = lambda path: None
    most_at_once: int = 0
    base: str = ""
    moto: str = ""
    # How often it was emptied: requests of before, which a client gave up, may still come.
    round: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._at_once = 0
        self._turn = Counter[str]()

    @property
    def url(self) -> str:
        """Where the web service is, until it is emptied."""
        return f"{self.base}/{self.round}/"

    # --- What it holds -------------------------------------------------------------------------

    @property
    def s3(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.moto,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def put_object(self, task_id: str, content: bytes) -> None:
        self.s3.put_object(
            Bucket=BUCKET, Key=f"chgcars/{task_id}.json.gz", Body=content, ACL="public-read"
        )

    def add(
        self,
        number: int,
        system: str = "Cubic",
        *,
        content: bytes | None = b"",
        grid: int = 8,
        above_hull: float | None = 0.0,
        element: str = "Si",
        **changes: Any,
    ) -> str:
        """A crystal of one atom, its calculations and its object; `content` None leaves it out."""
        material, task = f"mp-{number}", f"mp-{number + 1_000_000}"
        self.summary[material] = {
            "material_id": material,
            "formula_pretty": f"{element}{number}",
            "symmetry": {"number": 225, "crystal_system": system, "symbol": "Fm-3m"},
            "structure": structure(number, element),
            "energy_above_hull": above_hull,
            "deprecated": False,
            "theoretical": False,
            "builder_meta": {"batch_id": None, "license": "BY-C"},
            "has_props": {"charge_density": True},
            **changes,
        }
        optimization = f"mp-{number + 2_000_000}"
        self.core[material] = {
            "material_id": material,
            "calc_types": {task: "GGA Static", optimization: "GGA Structure Optimization"},
            "origins": [
                {"name": "structure", "task_id": task, "last_updated": "2024-01-01T00:00:00"}
            ],
        }
        self.tasks[task] = {"task_id": task, "last_updated": f"2024-01-01T00:00:{number % 60:02d}"}
        if content is not None:
            self.put_object(task, content or stored_density(number, grid, element))
        return material

    def clear(self) -> None:
        """Empty it, and let it fail no more; what is still on its way to it is not heard."""
        self.round += 1
        for thing in (self.summary, self.core, self.tasks, self.faults, self.asked):
            thing.clear()
        self.version, self.key, self.most_at_once = "2026.04.13", KEY, 0
        self.every_of_bucket = self.every_of_rest = 0
        self.before = lambda path: None
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", []):
                self.s3.delete_object(Bucket=BUCKET, Key=entry["Key"])

    def count(self, part: str) -> int:
        """How many requests whose path holds `part` came."""
        return sum(part in asked.path for asked in self.asked)

    # --- Answers of the web service ------------------------------------------------------------

    def documents(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if path == "/materials/summary/":
            found = list(self.summary.values())
            if "crystal_system" in query:
                found = [
                    d for d in found
                    if (d.get("symmetry") or {}).get("crystal_system", query["crystal_system"])
                    == query["crystal_system"]
                ]  # fmt: skip
            if "has_props" in query:
                found = [d for d in found if d["has_props"][query["has_props"]]]
            if "batch_id_not_eq" in query:
                found = [
                    d for d in found
                    if (d.get("builder_meta") or {}).get("batch_id") != query["batch_id_not_eq"]
                ]  # fmt: skip
            if "material_ids" in query:
                wanted = set(query["material_ids"].split(","))
                found = [d for d in found if d["material_id"] in wanted]
            return found
        name, table = {
            "/materials/core/": ("material_ids", self.core),
            "/materials/tasks/": ("task_ids", self.tasks),
        }[path]
        wanted = set(query[name].split(","))
        return [document for identifier, document in table.items() if identifier in wanted]

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/heartbeat":
            return 200, {
                "version": "0.87.3",
                "db_version": self.version,
                "access_controlled_batch_ids": [GNOME],
            }
        found = self.documents(path, query)
        total = len(found)
        if query.get("_sort_fields"):
            found = sorted(found, key=lambda d: str(d[query["_sort_fields"]]))
        limit = int(query.get("_per_page") or query.get("_limit") or 100)
        skip = limit * (int(query["_page"]) - 1) if "_page" in query else int(query.get("_skip", 0))
        fields = query.get("_fields", "").split(",")
        page = [{k: v for k, v in d.items() if k in fields} for d in found[skip : skip + limit]]
        return 200, {"data": page, "meta": {"total_doc": total}}

    # --- Failing -------------------------------------------------------------------------------

    def fault_of(self, path: str) -> str | None:
        with self._lock:
            for fault in self.faults:
                if fault.meets(path):
                    fault.times -= 1
                    return fault.kind
            of_bucket = BUCKET in path
            every = self.every_of_bucket if of_bucket else self.every_of_rest
            if not every:
                return None
            service = "bucket" if of_bucket else "rest"
            self._turn[service] += 1
            turn, left = divmod(self._turn[service], every)
            kinds = PASSING + (OF_BUCKET if of_bucket else OF_REST)
            return None if left else kinds[turn % len(kinds)]

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

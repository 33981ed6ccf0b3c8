"""A stand-in for the Materials Project on 127.0.0.1: its web service, and its bucket by moto.

One HTTP server answers both; what goes to the bucket is handed on to moto. It fails on demand.
"""

import gzip
import http.client
import json
import logging
import random
import socket
import struct
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import numpy as np
from moto.server import ThreadedMotoServer

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


class Handler(BaseHTTPRequestHandler):
    """Answers, hands on, or fails."""

    protocol_version = "HTTP/1.1"
    standin: Standin

    def do_GET(self) -> None:
        with self.standin.counted():
            self._get()

    def do_HEAD(self) -> None:
        """Only of objects: the client's own download looks before it fetches."""
        address = urllib.parse.urlsplit(self.standin.moto)
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        connection.request("HEAD", self.path)
        answer = connection.getresponse()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() in ("etag", "last-modified", "content-type", "content-length"):
                self.send_header(name, value)
        self.end_headers()

    def _get(self) -> None:
        standin = self.standin
        path, _, text = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        bucket = path.startswith(f"/{BUCKET}")
        if not bucket:
            before, path = path, path.removeprefix(f"/{standin.round}")
            if path == before:
                self._send(410, b"", {})
                return
        standin.before(path)
        fault = standin.fault_of(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        standin.asked.append(Asked(self.path, query, headers, fault))
        if fault == "refused":
            # Without an answer, and at once: what a service does that is being started.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if fault == "hang":
            time.sleep(1)
        if fault == "slowdown" or (fault or "").isdigit():
            status = 503 if fault == "slowdown" else int(fault or 0)
            codes = {"slowdown": "SlowDown", "403": "AccessDenied", "404": "NoSuchKey"}
            code = codes.get(str(fault), "InternalError")
            body = (
                f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
                if bucket
                else json.dumps({"detail": f"no, {headers.get('x-api-key')}"})
            )
            self._send(status, body.encode(), {})
            return
        if bucket:
            status, body, out = self._handed_on()
        elif path != "/heartbeat" and headers.get("x-api-key") != standin.key:
            status, body, out = 401, b'{"detail": "Invalid authentication credentials"}', {}
        else:
            status, answer = standin.answer(path, query)
            body, out = json.dumps(answer).encode(), {"Content-Type": "application/json"}
        if fault == "no total":
            body = body.replace(b'"total_doc"', b'"total"')
        if fault == "bad json":
            body = body[: len(body) // 2]
        if fault == "empty":
            body = b""
        if fault == "corrupt" and len(body) > 40:
            body = body[:20] + bytes(255 - value for value in body[20:30]) + body[30:]
        self._send(status, body, out, cut=fault == "cut")

    def _handed_on(self) -> tuple[int, bytes, dict[str, str]]:
        address = urllib.parse.urlsplit(self.standin.moto)
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        connection.request("GET", self.path, headers=kept)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        wanted = ("etag", "last-modified", "content-type", "content-range")
        return answer.status, body, {k: v for k, v in answer.getheaders() if k.lower() in wanted}

    def _send(self, status: int, body: bytes, headers: dict[str, str], cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if cut:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *args: Any) -> None:
        """Nothing: the tests look at `asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed has nothing to be told."""


@contextmanager
def running() -> Iterator[Standin]:
    """A stand-in that answers until the block ends."""
    # It would say on the console what it is asked.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    standin = Standin(moto=f"http://{host}:{port}")
    standin.s3.create_bucket(Bucket=BUCKET, ACL="public-read")
    handler = type("StandinHandler", (Handler,), {"standin": standin})
    server = _Server(("127.0.0.1", 0), handler)
    standin.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        moto.stop()


def environment(standin: Standin, home: str) -> dict[str, str]:
    """What turns the real clients to a stand-in."""
    return {
        "MP_API_ENDPOINT": standin.url,
        "MP_API_KEY": KEY,
        "AWS_ENDPOINT_URL_S3": standin.base,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MPRESTER_MUTE_PROGRESS_BARS": "true",
        "HOME": home,
    }


# --- Crystals and densities --------------------------------------------------------------------


def edge(number: int) -> float:
    """The cell's edge of a crystal, in A; every crystal has its own."""
    return 3.0 + (number % 997) / 997


def structure(number: int, element: str = "Si") -> dict[str, Any]:
    """A simple cubic crystal of one atom, as the service sends structures."""
    a = edge(number)
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "charge": 0,
        "lattice": {"matrix": [[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, a]], "pbc": [True] * 3,
                    "a": a, "b": a, "c": a, "alpha": 90.0, "beta": 90.0, "gamma": 90.0,
                    "volume": a**3},
        "sites": [{"species": [{"element": element, "occu": 1}], "abc": [0.0, 0.0, 0.0],
                   "xyz": [0.0, 0.0, 0.0], "label": element, "properties": {}}],
        "properties": {},
    }  # fmt: skip


def density_values(number: int, grid: int) -> np.ndarray:
    """Density times volume of four electrons, all modes within any grid of 6 points or more."""
    x = np.cos(2 * np.pi * np.arange(grid) / grid)
    share = 0.3 + 0.4 * random.Random(number).random()
    return 4.0 * (1 + share * (x[:, None, None] + x[:, None] + x) / 3)


def document(number: int, grid: int, element: str = "Si") -> dict[str, Any]:
    """What a stored object holds: a Chgcar as its encoder writes it."""
    values = {
        "@module": "numpy", "@class": "array", "dtype": "float64",
        "data": density_values(number, grid).tolist(),
    }  # fmt: skip
    return {
        "data": {
            "@module": "pymatgen.io.vasp.outputs",
            "@class": "Chgcar",
            "@version": None,
            "poscar": {
                "@module": "pymatgen.io.vasp.inputs",
                "@class": "Poscar",
                "structure": structure(number, element),
                "true_names": True,
                "selective_dynamics": None,
                "velocities": None,
                "predictor_corrector": None,
                "comment": "a crystal",
            },
            "data": {"total": values},
            "data_aug": None,
        },
        "task_id": f"mp-{number + 1_000_000}",
    }


def stored_density(number: int, grid: int = 8, element: str = "Si") -> bytes:
    """The bytes of an object, the same at every call."""
    text = json.dumps(document(number, grid, element))
    return gzip.compress(text.encode(), mtime=0)

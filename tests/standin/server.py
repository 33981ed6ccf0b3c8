"""A stand-in for the Materials Project on 127.0.0.1: its web service, and its bucket by moto.

One HTTP server answers both; what goes to the bucket is handed on to moto. It fails on demand.
"""

import http.client
import json
import logging
import socket
import struct
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.server import ThreadedMotoServer

from tests.standin.materials_project import BUCKET, KEY, Asked, Standin


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

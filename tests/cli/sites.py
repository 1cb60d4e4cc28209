"""Small servers for `sent-mcp doctor`, in threads: they answer every request alike."""

import json
import select
import socket
import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast

JSON = {"Content-Type": "application/json"}
ACCOUNT: Mapping[str, object] = {
    "type": "user",
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "name": "Acme of +1 415 555 0188",
    "email": "ops@acme.example",
    "channels": {"sms": {"configured": True, "phone_number": "+14155550199"}},
    "sending_phone_number": "+14155550199",
    "profiles": [],
}


@dataclass(frozen=True)
class Reply:
    """What a site answers to everything."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def said(data: object, **meta: str) -> Reply:
    """A success in Sent's envelope."""
    envelope = {"success": True, "data": data, "error": None, "meta": meta}
    return Reply(200, json.dumps(envelope).encode(), JSON)


def refused(status: int, code: str, message: str, **headers: str) -> Reply:
    """A refusal in Sent's envelope; of a header's name each _ is a -."""
    error = {"code": code, "message": message, "details": None}
    envelope = {"success": False, "data": None, "error": error, "meta": {"request_id": "req_1"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(envelope).encode(), {**JSON, **named})


class Site(ThreadingHTTPServer):
    """Where it is, and what it was asked: method and path."""

    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.asked: list[str] = []
        self.scheme = "http"

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"{self.scheme}://{self.place}"


class Handler(BaseHTTPRequestHandler):
    """One connection to a site."""

    @property
    def _site(self) -> Site:
        return cast("Site", self.server)

    def do_GET(self) -> None:
        """Any request gets the site's reply."""
        self._site.asked.append(f"GET {self.path}")
        self._answer(self._site.reply)

    def do_CONNECT(self) -> None:
        """As a proxy: a way through, where the site's reply is a success."""
        self._site.asked.append(f"CONNECT {self.path}")
        self._answer(self._site.reply)
        if self._site.reply.status == 200:
            host, port = self.path.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as beyond:
                _relay(self.connection, beyond)

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.command != "CONNECT":
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time it is here, unless the reply tells another."""
        return self._site.reply.headers.get("X-Date") or super().date_time_string(timestamp)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@contextmanager
def site(reply: Reply, tls: ssl.SSLContext | None = None) -> Generator[Site]:
    """A site on a free port; with `tls` it speaks nothing else."""
    server = Site(reply)
    if tls is not None:
        server.scheme = "https"
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent_site() -> Generator[str]:
    """A place that takes connections, as the system does it for it, and says nothing; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _relay(one: socket.socket, other: socket.socket) -> None:
    to = {one: other, other: one}
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            to[ready].sendall(data)

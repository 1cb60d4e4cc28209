"""An identity provider: the tokens it signs, and where its keys can be read."""

import json
import socket
import ssl
import struct
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

import jwt
from anyio.to_thread import run_sync
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sent_mcp.http_settings import HttpSettings, load_http_settings
from tests.http.sites import inside
from tests.http.wire import ERAS, Answer, Site

ISSUER, AUDIENCE = "https://id.example.com/", "https://mcp.example.com/mcp"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = Ed25519PrivateKey.generate()
PRIVATE: dict[str, tuple[Any, str]] = {
    "rsa": (RSA, "RS256"),
    "ec": (CURVE, "ES256"),
    "ed": (EDWARDS, "EdDSA"),
}
_SECONDS = 30


def public(name: str | None, key: Any, algorithm: str) -> dict[str, Any]:
    """The public half as a JSON Web Key; None leaves the name out."""
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    named = {} if name is None else {"kid": name}
    return {**made, **named, "use": "sig", "alg": algorithm}


def key_set(*keys: object) -> bytes:
    """A JSON Web Key Set of these."""
    return json.dumps({"keys": keys}).encode()


KEYS = [public(name, *pair) for name, pair in PRIVATE.items()]
OLD, NEW = public("rsa", RSA, "RS256"), public("new", OTHER, "RS256")


def claims(**other: Any) -> dict[str, Any]:
    """What a right token says, with these changes; None leaves one out."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300, **other}
    return {name: value for name, value in said.items() if value is not None}


def token(kid: str | None = "rsa", *, key: Any = None, algorithm: str = "", **other: Any) -> str:
    """A token that is signed with the key of this name, or with another."""
    own, usual = PRIVATE.get(kid or "rsa", PRIVATE["rsa"])
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**other), key or own, algorithm or usual, headers)


def unknown(number: int = 0) -> str:
    """A token whose key nobody knows."""
    return token(f"no-such-{number}", key=OTHER)


def settings(jwks: Path | str) -> HttpSettings:
    """Of a server that trusts these keys."""
    return load_http_settings(
        auth="jwt", jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks=str(jwks)
    )


async def said_to(site: Site, bearer: str, era: str = ERAS[0]) -> Answer:
    """The answer to who brings this token."""
    return await site.bearer(bearer, era).ask("tools/list")


@dataclass
class Provider:
    """Serves keys, and counts how often it is asked.

    `told` is what it says of the length, `breaks` ends an answer with a reset, `drips` lets it
    never end. While `open` is not set nobody gets an answer.
    """

    body: bytes = field(default_factory=lambda: key_set(*KEYS))
    status: int = 200
    location: str = "http://127.0.0.1:1/"
    breaks: bool = False
    drips: bool = False
    asked: int = 0
    open: Event = field(default_factory=Event)
    changed: Condition = field(default_factory=Condition)
    headers: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.open.set()

    async def was_asked(self, times: int) -> None:
        """Wait until it was asked so often."""

        def wait() -> bool:
            with self.changed:
                return self.changed.wait_for(lambda: self.asked >= times, _SECONDS)

        assert await run_sync(wait)

    @asynccontextmanager
    async def served(self, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
        """Where it is."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) as server:
            if tls is not None:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            thread = Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            scheme = "http" if tls is None else "https"
            try:
                yield f"{scheme}://127.0.0.1:{server.server_address[1]}/jwks"
            finally:
                self.open.set()
                self.drips = False
                await run_sync(server.shutdown)
                thread.join()


@asynccontextmanager
async def trusting(url: str, provider: Provider) -> AsyncGenerator[Site]:
    """A server whose keys are read there."""
    async with provider.served() as keys, inside(url, http=settings(keys)) as site:
        yield site


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with provider.changed:
                provider.asked += 1
                provider.changed.notify_all()
            provider.headers = [f"{name}: {value}" for name, value in self.headers.items()]
            assert provider.open.wait(_SECONDS)
            self.send_response(provider.status)
            self.send_header("Location", provider.location)
            more = provider.drips or provider.breaks
            self.send_header("Content-Length", str(len(provider.body) + 1_000_000 * more))
            self.end_headers()
            self.wfile.write(provider.body)
            self._spoil()

        def _spoil(self) -> None:
            never = Event()
            while provider.drips and not never.wait(0.01):
                self.wfile.write(b" ")
            if provider.breaks:
                at_once = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                self.connection.close()

        def handle(self) -> None:
            # Who asked may be gone.
            try:
                super().handle()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler

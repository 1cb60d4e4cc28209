"""A server on a loopback socket that speaks bytes, and a client of it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

import anyio

from sent_mcp.client import ApiKey, SentClient
from tests.client.wire import KEY

CONTACT = b'{"success": true, "data": {"id": "a", "phone_number": "+1"}}'
RECEIPT = b'{"success": true, "data": {"status": "QUEUED", "recipients": []}}'
_LONGEST_TEST = 10
"""Seconds until a test is given up whose connections do not end."""


def answer(body: bytes = CONTACT, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer that keeps the connection, with its length."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


async def polite(peer: "Peer") -> None:
    """Answer every request."""
    while request := await peer.hear():
        await peer.say(answer(RECEIPT if request.startswith(b"POST") else CONTACT))


class Peer:
    """The server's end of one connection."""

    def __init__(
        self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self.gone = asyncio.Event()

    async def hear_head(self) -> bytes:
        """The head of the next request; empty when the client has hung up."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        self._server.requests.append(head)
        return head

    async def hear(self) -> bytes:
        """The next request with its body; empty when the client has hung up."""
        head = await self.hear_head()
        lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
        try:
            body = await self._reader.readexactly(int(lines.get(b"content-length", b"0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        if body:
            self._server.bodies.append(body)
        return head + body

    async def say(self, said: bytes) -> None:
        """Write it; nothing when the client has hung up."""
        with suppress(ConnectionError):
            self._writer.write(said)
            await self._writer.drain()

    async def client_hangs_up(self) -> None:
        """Wait until the client has hung up, however it did."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass

    def say_now(self, said: bytes) -> None:
        """Into the socket, before anybody else gets a turn."""
        self._writer.write(said)

    def hang_up_now(self) -> None:
        """End the connection, before anybody else gets a turn."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close_soon(self) -> None:
        """End the connection with all farewells; `close` waits for theirs."""
        self._writer.close()

    def stop_reading(self) -> None:
        """Nothing the client does is noticed any more."""
        cast("asyncio.Transport", self._writer.transport).pause_reading()

    def reset(self) -> None:
        """Break the connection; what is under way is lost."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        """The end of the talk."""
        self._writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self._writer.wait_closed()

    @property
    def _socket(self) -> socket.socket:
        # asyncio's view of a socket has these methods too, but its type is private.
        return cast("socket.socket", self._writer.get_extra_info("socket"))


Talk = Callable[[Peer], Awaitable[None]]


class Server:
    """What the server has seen so far: a head per request, the bodies that were not empty."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None) -> None:
        self._talk = talk
        self.scheme = "http" if tls is None else "https"
        self.port = 0
        self.peers: list[Peer] = []
        self.requests: list[bytes] = []
        self.bodies: list[bytes] = []
        self.open = self.most_open = 0

    def client(self, host: str = "127.0.0.1", *, key: str = KEY) -> SentClient:
        """A client of it that never waits between two attempts."""
        return SentClient(
            base_url=f"{self.scheme}://{host}:{self.port}",
            key=ApiKey(lambda: key),
            requests_per_minute=100_000,
            messages_per_minute=100_000,
            sleep=_no_sleep,
        )

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its beginning to its end."""
        peer = Peer(self, reader, writer)
        self.peers.append(peer)
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await self._talk(peer)
        finally:
            self.open -= 1
            await peer.close()
            peer.gone.set()

    async def empty(self) -> None:
        """Wait until every connection so far has ended at both ends."""
        for peer in self.peers:
            await peer.gone.wait()


@asynccontextmanager
async def listening(
    talk: Talk, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[Server]:
    """A server that does `talk` with every connection; ends when the client has hung up all."""
    server = Server(talk, tls)
    with anyio.fail_after(_LONGEST_TEST):
        async with asyncio.TaskGroup() as talks:

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                talks.create_task(server.run(reader, writer))

            listener = await asyncio.start_server(accept, host, 0, ssl=tls, backlog=256)
            server.port = listener.sockets[0].getsockname()[1]
            try:
                yield server
            finally:
                # Not waited for: the connections are, by their group.
                listener.close()


@asynccontextmanager
async def serving(
    talk: Talk, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[tuple[SentClient, Server]]:
    """`listening`, and a client that is closed first."""
    async with listening(talk, tls=tls, host=host) as server:
        client = server.client(f"[{host}]" if ":" in host else host)
        try:
            yield client, server
        finally:
            await client.aclose()


async def send(client: SentClient, text: str = "Hi") -> None:
    """A message: what must not be done twice."""
    await client.messages.send(to=["+14155551234"], text=text, idempotency_key="k")


async def _no_sleep(_seconds: float) -> None:
    """The waits are tested elsewhere."""

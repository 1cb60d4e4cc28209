"""Requests over HTTP as bytes, also such as no client would send, and the answers to them."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.leaks import WATCH
from tests.serving.wire import MODERN, Message

LEGACY = "2025-11-25"
ERAS = (LEGACY, MODERN)
Fields = Mapping[str, str]
_SECONDS = 30
_META = "io.modelcontextprotocol/"
_LONGEST = 50_000_000


@dataclass(frozen=True)
class Answer:
    """One answer, whole. Field names are in lower case; no two may be equal."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Message:
        """The one message, which must be declared as such."""
        assert self.fields["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def events(self) -> list[Message]:
        """The messages of a stream."""
        assert self.fields["content-type"] == "text/event-stream", self
        found = [each for each in self.body.decode().split("\r\n\r\n") if each]
        assert all(each.startswith(("event: message\r\ndata: ", ":")) for each in found)
        return [json.loads(each.partition("data: ")[2]) for each in found if each[0] != ":"]

    @property
    def error(self) -> Message:
        """Why it is refused."""
        return self.json["error"]

    @property
    def refused(self) -> tuple[int, int]:
        """How it is refused: the status and the code."""
        return self.status, self.error["code"]

    @property
    def result(self) -> Message:
        """The result, which must be one."""
        assert self.status == 200, self
        assert "result" in self.json, self
        return self.json["result"]


class Connection:
    """One connection to a server."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._in = BufferedByteReceiveStream(stream)

    async def say(self, *parts: bytes) -> None:
        """Send these bytes."""
        await self._stream.send(b"".join(parts))

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and fields of the next answer."""
        raw = (await self._in.receive_until(b"\r\n\r\n", _LONGEST)).decode("latin-1")
        first, *lines = raw.split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        fields = {name.lower(): value for name, value in pairs}
        assert len(fields) == len(pairs), raw
        return int(first.split()[1]), fields

    async def answer(self) -> Answer:
        """The next answer."""
        with anyio.fail_after(_SECONDS):
            status, fields = await self.head()
            body = b""
            if "content-length" in fields:
                size = int(fields["content-length"])
                body = await self._in.receive_exactly(size) if size else b""
            else:
                while part := await self.chunk():
                    body += part
            WATCH.see("an answer over HTTP", f"{fields}\n{body!r}", numbers=False)
            return Answer(status, fields, body)

    async def chunk(self) -> bytes:
        """The next piece of an answer that comes in pieces; an empty one is the last."""
        size = int(await self._in.receive_until(b"\r\n", 100), 16)
        return (await self._in.receive_exactly(size + 2))[:-2]

    async def ended(self) -> bool:
        """Wait until the server closes the connection; whether it said nothing more."""
        try:
            with anyio.fail_after(_SECONDS):
                await self._in.receive(1)
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return True
        return False


def request(
    body: bytes | None = b"",
    fields: Fields | None = None,
    *,
    method: str = "POST",
    path: str = "/mcp",
    more: str = "",
) -> bytes:
    """A request as a well-behaved client sends it, but for these fields; `""` leaves one out.

    A body of None is announced by `fields` and sent by the test; `more` are lines of the head.
    """
    given = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **({} if body is None else {"Content-Length": str(len(body))}),
        **(fields or {}),
    }
    lines = [f"{name}: {value}\r\n" for name, value in given.items() if value]
    head = f"{method} {path} HTTP/1.1\r\n{''.join(lines)}{more}\r\n"
    return head.encode("latin-1") + (body or b"")


def message(
    method: str, params: Mapping[str, Any] | None = None, *, era: str = LEGACY, number: object = 1
) -> Message:
    """A JSON-RPC request of this era."""
    given = dict(params or {})
    if era == MODERN:
        envelope: Message = {f"{_META}protocolVersion": MODERN, f"{_META}clientCapabilities": {}}
        given["_meta"] = {**envelope, **given.get("_meta", {})}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": given}


def fields_of(said: Message, era: str) -> dict[str, str]:
    """The fields that go with it."""
    if era != MODERN:
        return {"MCP-Protocol-Version": era}
    named = cast("Message", said.get("params", {})).get("name")
    fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": str(said["method"])}
    return {**fields, "Mcp-Name": str(named)} if named else fields


@dataclass(frozen=True)
class Site:
    """A server that listens there."""

    port: int

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[Connection]:
        """A connection to it."""
        async with await anyio.connect_tcp("127.0.0.1", self.port) as stream:
            yield Connection(stream)

    async def ask(self, *parts: bytes) -> Answer:
        """The answer to a request of these bytes, on a connection of its own."""
        async with self.connected() as connection:
            await connection.say(*parts)
            return await connection.answer()

    async def get(self, path: str) -> Answer:
        """What stands at this path."""
        return await self.ask(request(method="GET", path=path))

    def client(self, era: str = LEGACY, **fields: str) -> "Client":
        """A client that sends these fields with every request; `_` in a name is `-`."""
        return Client(self, era, {name.replace("_", "-"): each for name, each in fields.items()})

    def bearer(self, token: str, era: str = LEGACY, **fields: str) -> "Client":
        """A client that brings this token."""
        return self.client(era, Authorization=f"Bearer {token}", **fields)


@dataclass(frozen=True)
class Client:
    """Sends messages of one era as one caller."""

    site: Site
    era: str
    fields: Fields

    def bytes_of(self, said: Message, **fields: str) -> bytes:
        """The whole request."""
        return request(
            json.dumps(said).encode(), {**fields_of(said, self.era), **self.fields, **fields}
        )

    def call_bytes(self, tool: str, **arguments: Any) -> bytes:
        """The whole request of one tool call."""
        params = {"name": tool, "arguments": arguments}
        return self.bytes_of(message("tools/call", params, era=self.era))

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a request of this method."""
        return await self.site.ask(self.bytes_of(message(method, params, era=self.era)))

    async def call(self, tool: str, **arguments: Any) -> Message:
        """What a tool answers: its structured content, which must be there."""
        result = (await self.ask("tools/call", {"name": tool, "arguments": arguments})).result
        assert not result.get("isError"), result
        return result["structuredContent"]

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The text of a tool's error."""
        result = (await self.ask("tools/call", {"name": tool, "arguments": arguments})).result
        assert result["isError"], result
        return result["content"][0]["text"]

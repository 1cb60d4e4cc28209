"""Clients of one server for a long time: over a pipe, which several share, and over HTTP."""

import math
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import anyio

from tests.http.wire import Client, Connection, message
from tests.proof.hosts import FORMS, YES, Json, Reply, StdioHost, reply_of, serving
from tests.serving.wire import MODERN

UNANSWERED = "nobody answers"
"""A question that quotes this is left open by every host."""
CALL_SECONDS = 60.0
_NOTICED_SECONDS = 0.02


class WrongError(Exception):
    """An answer that cannot be right, or none; the text says what came."""


class Caller(Protocol):
    """Somebody who calls tools."""

    @property
    def has_forms(self) -> bool:
        """Whether questions are shown to a user, who says yes."""
        ...

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """One call. Raises WrongError without an answer."""
        ...

    async def leave(self, tool: str, arguments: Json) -> None:
        """Begin a call and want no answer: cancelled on a pipe, hung up over HTTP."""
        ...


@dataclass
class Pipe(StdioHost):
    """A server of its own, for as many callers at once as like."""

    hello_seconds: ClassVar[float] = CALL_SECONDS
    _left: dict[int, float] = field(default_factory=dict[int, float])
    """Requests that were begun and are not wanted, and how many there were when that was said."""

    @property
    def has_forms(self) -> bool:
        """See Caller."""
        return self.can_ask

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """See Caller."""
        began = time.monotonic()
        params: Json = {"name": tool, "arguments": arguments, **more}
        answer = await self.ask("tools/call", params, CALL_SECONDS)
        return _reply(answer, time.monotonic() - began)

    async def leave(self, tool: str, arguments: Json) -> None:
        """See Caller. An answer to it is a stray one, unless it crosses the cancellation."""
        number = next(self._numbers)
        self._left[number] = math.inf
        await self._request(number, "tools/call", {"name": tool, "arguments": arguments})
        await anyio.sleep(_NOTICED_SECONDS)
        await self._write({"method": "notifications/cancelled", "params": {"requestId": number}})
        self._left[number] = next(self._numbers)

    async def end(self) -> None:
        """Close its stdin; it must end well, and not before."""
        if self.process.returncode is not None:
            self.stray.append(f"a server ended by itself, with {self.process.returncode}")
            return
        assert self.process.stdin is not None
        await self.process.stdin.aclose()
        with anyio.fail_after(30):
            code = await self.process.wait()
        if code:
            self.stray.append(f"a server ended with {code}: {self.err[-2000:]!r}")

    async def decide(self, question: str) -> Json | None:
        """Yes, or nothing at all."""
        return None if UNANSWERED in question else YES

    def lost(self, method: str, seconds: float) -> WrongError:
        """Every call must be answered."""
        return WrongError(f"{method} was not answered in {seconds:g} s")

    def _take(self, message: Json) -> None:
        number = message["id"]
        if number in self._open and self._open[number].message is None:
            # It was read after these were cancelled, so an answer to one of them does not cross.
            self._left = {left: then for left, then in self._left.items() if then > number}
        elif self._left.pop(number, None) is None:
            self.stray.append(f"an answer nobody waits for: {str(message)[:600]}")
        super()._take(message)

    async def _request(self, number: int, method: str, params: Json) -> None:
        able = {**params, "_meta": FORMS} if self.has_forms and self.version == MODERN else params
        await super()._request(number, method, able)


@dataclass
class Web:
    """A caller over HTTP, on a connection that is kept until it hangs up."""

    client: Client
    has_forms: bool
    _connection: Connection | None = None
    _closing: Any = None

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """See Caller."""
        began = time.monotonic()
        connection = await self._connected()
        await connection.say(self._request(tool, arguments, more))
        try:
            answer = await connection.answer()
        except (TimeoutError, OSError, anyio.EndOfStream, anyio.IncompleteRead) as error:
            raise WrongError(f"{tool} over HTTP: {error!r}") from error
        if answer.status != 200:
            raise WrongError(f"{tool} over HTTP: {answer}")
        return _reply(answer.json, time.monotonic() - began)

    async def leave(self, tool: str, arguments: Json) -> None:
        """See Caller."""
        connection = await self._connected()
        await connection.say(self._request(tool, arguments, {}))
        await anyio.sleep(_NOTICED_SECONDS)
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the connection; the next call opens another one."""
        if self._closing is not None:
            self._connection = None
            closing, self._closing = self._closing, None
            await closing.__aexit__(None, None, None)

    async def _connected(self) -> Connection:
        if self._connection is None:
            self._closing = self.client.site.connected()
            self._connection = await self._closing.__aenter__()
        assert self._connection is not None
        return self._connection

    def _request(self, tool: str, arguments: Json, more: Json) -> bytes:
        params: Json = {"name": tool, "arguments": arguments, **more}
        if self.has_forms:
            params["_meta"] = FORMS
        return self.client.bytes_of(message("tools/call", params, era=self.client.era))


def _reply(said: Json, seconds: float) -> Reply:
    """The answer to a call. Raises WrongError for an error of the protocol."""
    if "error" in said:
        raise WrongError(f"an error of the protocol: {said['error']}")
    return reply_of(said["result"], seconds)


@asynccontextmanager
async def piped(
    home: Path, era: str, environment: Mapping[str, str], *, has_forms: bool
) -> AsyncGenerator[Pipe]:
    """`sent-mcp serve`; at the end its stdin is closed, and it must end well."""
    async with serving(Pipe, home, era, environment, can_ask=has_forms) as pipe:
        yield pipe
        await pipe.end()

"""Clients of one server for a long time: over a pipe, which several share, and over HTTP."""

import json
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.http.wire import Client, Connection, message
from tests.serving.wire import MODERN, SERVE

Json = dict[str, Any]
UNANSWERED = "nobody answers"
"""A question that quotes this is left open by every host."""
YES: Json = {"action": "accept", "content": {"confirm": True}}
CALL_SECONDS = 60.0
_PREFIX = "io.modelcontextprotocol/"
_FORMS: Json = {f"{_PREFIX}clientCapabilities": {"elicitation": {"form": {}}}}
_LONGEST_LINE = 10_000_000
_NOTICED_SECONDS = 0.02


class WrongError(Exception):
    """An answer that cannot be right, or none; the text says what came."""


@dataclass(frozen=True)
class Reply:
    """What a call was answered, and how long that took."""

    seconds: float
    text: str
    is_error: bool
    data: Json
    state: str | None = None

    @property
    def status(self) -> str:
        """Of a change its status, of an error its code, of a form in between `asked`."""
        if self.is_error:
            return self.text.partition(":")[0]
        return "asked" if self.state is not None else str(self.data.get("status", "done"))


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
class _Open:
    done: anyio.Event = field(default_factory=anyio.Event)
    message: Json | None = None


@dataclass
class Pipe:
    """A server of its own, for as many callers at once as like."""

    process: Process
    era: str
    has_forms: bool
    stray: list[str] = field(default_factory=list[str])
    err: bytes = b""
    _open: dict[int, _Open] = field(default_factory=dict[int, _Open])
    _number: int = 0

    async def begin(self) -> None:
        """Say hello."""
        if self.era == MODERN:
            await self._asked("server/discover", {})
            return
        able: Json = {"elicitation": {}} if self.has_forms else {}
        client = {"name": "endurance", "version": "1"}
        given = {"protocolVersion": self.era, "capabilities": able, "clientInfo": client}
        await self._asked("initialize", given)
        await self._write({"method": "notifications/initialized"})

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """See Caller."""
        began = time.perf_counter()
        answer = await self._asked("tools/call", {"name": tool, "arguments": arguments, **more})
        return reply_of(answer, time.perf_counter() - began)

    async def leave(self, tool: str, arguments: Json) -> None:
        """See Caller. An answer to it would be a stray one."""
        number = await self._say("tools/call", {"name": tool, "arguments": arguments})
        await anyio.sleep(_NOTICED_SECONDS)
        await self._write({"method": "notifications/cancelled", "params": {"requestId": number}})

    async def read(self) -> None:
        """Hand each message on until the server ends."""
        assert self.process.stdout is not None
        lines = BufferedByteReceiveStream(self.process.stdout)
        async with anyio.create_task_group() as tasks:
            with suppress(anyio.EndOfStream, anyio.IncompleteRead):
                while True:
                    said: Json = json.loads(await lines.receive_until(b"\n", _LONGEST_LINE))
                    if "method" in said and "id" in said:
                        tasks.start_soon(self._show, said)
                    elif "id" in said:
                        self._take(said)

    async def keep_stderr(self) -> None:
        """All it says there."""
        assert self.process.stderr is not None
        async for chunk in self.process.stderr:
            self.err += chunk

    def _take(self, said: Json) -> None:
        slot = self._open.get(said["id"])
        if slot is None:
            self.stray.append(f"an answer nobody waits for: {said}")
            return
        slot.message = said
        slot.done.set()

    async def _show(self, said: Json) -> None:
        if UNANSWERED not in said["params"]["message"]:
            await self._write({"id": said["id"], "result": YES})

    async def _asked(self, method: str, params: Json) -> Json:
        slot = _Open()
        number = self._number + 1
        self._open[number] = slot
        try:
            await self._say(method, params)
            with anyio.move_on_after(CALL_SECONDS):
                await slot.done.wait()
        finally:
            del self._open[number]
        if slot.message is None:
            raise WrongError(f"{method} was not answered in {CALL_SECONDS:g} s")
        return slot.message

    async def _say(self, method: str, params: Json) -> int:
        self._number += 1
        number = self._number
        if self.era == MODERN:
            able: Json = {f"{_PREFIX}clientCapabilities": {}}
            given = {f"{_PREFIX}protocolVersion": MODERN, **(_FORMS if self.has_forms else able)}
            params = {**params, "_meta": given}
        await self._write({"id": number, "method": method, "params": params})
        return number

    async def _write(self, said: Json) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send(json.dumps({"jsonrpc": "2.0", **said}).encode() + b"\n")


@dataclass
class Web:
    """A caller over HTTP, on a connection that is kept until it hangs up."""

    client: Client
    has_forms: bool
    _connection: Connection | None = None
    _closing: Any = None

    async def call(self, tool: str, arguments: Json, **more: Any) -> Reply:
        """See Caller."""
        began = time.perf_counter()
        connection = await self._connected()
        await connection.say(self._request(tool, arguments, more))
        try:
            answer = await connection.answer()
        except (TimeoutError, OSError, anyio.EndOfStream, anyio.IncompleteRead) as error:
            raise WrongError(f"{tool} over HTTP: {error!r}") from error
        if answer.status != 200:
            raise WrongError(f"{tool} over HTTP: {answer}")
        return reply_of(answer.json, time.perf_counter() - began)

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
            params["_meta"] = _FORMS
        return self.client.bytes_of(message("tools/call", params, era=self.client.era))


def reply_of(said: Json, seconds: float) -> Reply:
    """The answer to a call. Raises WrongError for an error of the protocol."""
    if "error" in said:
        raise WrongError(f"an error of the protocol: {said['error']}")
    result: Json = said["result"]
    if result.get("resultType") == "input_required":
        (request,) = result["inputRequests"].values()
        return Reply(seconds, request["params"]["message"], False, {}, result["requestState"])
    text = "\n".join(part["text"] for part in result["content"])
    return Reply(seconds, text, bool(result.get("isError")), result.get("structuredContent") or {})


@asynccontextmanager
async def piped(
    home: Path, era: str, environment: Mapping[str, str], *, has_forms: bool
) -> AsyncGenerator[Pipe]:
    """`sent-mcp serve`; at the end its stdin is closed, and it must end well."""
    command = [sys.executable, *SERVE]
    async with await anyio.open_process(command, env={**environment, "HOME": str(home)}) as process:
        pipe = Pipe(process, era, has_forms)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.keep_stderr)
            tasks.start_soon(pipe.read)
            try:
                await pipe.begin()
                yield pipe
                assert process.stdin is not None
                await process.stdin.aclose()
                with anyio.fail_after(30):
                    code = await process.wait()
                if code:
                    pipe.stray.append(f"a server ended with {code}: {pipe.err[-2000:]!r}")
            finally:
                if process.returncode is None:
                    process.kill()
                tasks.cancel_scope.cancel()

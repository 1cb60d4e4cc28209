"""What the hosts of all proofs share: a server of their own on a pipe, and what a call comes to."""

import itertools
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.serving.wire import MODERN, SERVE

Json = dict[str, Any]
YES: Json = {"action": "accept", "content": {"confirm": True}}
_PREFIX = "io.modelcontextprotocol/"
FORMS: Json = {f"{_PREFIX}clientCapabilities": {"elicitation": {"form": {}}}}
"""The `_meta` of a request of 2026-07-28 during which forms may be shown."""
_LONGEST_LINE = 10_000_000


@dataclass(frozen=True)
class Reply:
    """What a call was answered, and how long that took."""

    seconds: float
    text: str
    is_error: bool = False
    data: Json = field(default_factory=dict[str, Any])
    state: str | None = None

    @property
    def status(self) -> str:
        """Of a change its status, of an error its code, of a form in between `asked`."""
        if self.is_error:
            return self.text.partition(":")[0]
        return "asked" if self.state is not None else str(self.data.get("status", "done"))

    @property
    def token(self) -> str | None:
        """The confirmation token."""
        return self.data.get("confirmation_token")


def reply_of(result: Json, seconds: float) -> Reply:
    """The result of a tool call, or the form that it is in between."""
    if result.get("resultType") == "input_required":
        (request,) = result["inputRequests"].values()
        return Reply(seconds, request["params"]["message"], state=result["requestState"])
    text = "\n".join(part["text"] for part in result["content"])
    return Reply(seconds, text, bool(result.get("isError")), result.get("structuredContent") or {})


@dataclass
class _Open:
    """A request that is under way."""

    done: anyio.Event = field(default_factory=anyio.Event)
    message: Json | None = None


@dataclass
class StdioHost(ABC):
    """One connection of either era, for many calls at once. `stray` is what nobody asked for."""

    process: Process
    version: str
    can_ask: bool
    stray: list[str] = field(default_factory=list[str])
    err: bytes = b""
    _open: dict[int, _Open] = field(default_factory=dict[int, _Open])
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    hello_seconds: ClassVar[float] = 30

    @abstractmethod
    async def decide(self, question: str) -> Json | None:
        """What the user does about a form that says this; None leaves it open."""

    @abstractmethod
    def lost(self, method: str, seconds: float) -> Exception:
        """What is raised for a request that was not answered in this time."""

    async def begin(self) -> None:
        """Say hello. Raises what `lost` returns."""
        if self.version == MODERN:
            await self.ask("server/discover", {}, self.hello_seconds)
            return
        able: Json = {"elicitation": {}} if self.can_ask else {}
        client = {"name": "proof", "version": "1"}
        given = {"protocolVersion": self.version, "capabilities": able, "clientInfo": client}
        await self.ask("initialize", given, self.hello_seconds)
        await self._write({"method": "notifications/initialized"})

    async def ask(self, method: str, params: Json, seconds: float) -> Json:
        """The answer to one request. Raises what `lost` returns."""
        number, slot = next(self._numbers), _Open()
        self._open[number] = slot
        try:
            with anyio.move_on_after(seconds):
                await self._request(number, method, params)
                await slot.done.wait()
        finally:
            del self._open[number]
        if slot.message is None:
            raise self.lost(method, seconds)
        return slot.message

    async def read(self) -> None:
        """Hand each message on until the server ends."""
        assert self.process.stdout is not None
        lines = BufferedByteReceiveStream(self.process.stdout)
        ends = (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError)
        async with anyio.create_task_group() as tasks:
            with suppress(*ends):
                while True:
                    message: Json = json.loads(await lines.receive_until(b"\n", _LONGEST_LINE))
                    if "method" in message and "id" in message:
                        tasks.start_soon(self._show, message)
                    elif "id" in message:
                        self._take(message)

    async def keep_stderr(self) -> None:
        """All it says there."""
        assert self.process.stderr is not None
        async for chunk in self.process.stderr:
            self.err += chunk

    def _take(self, message: Json) -> None:
        if (slot := self._open.get(message["id"])) is not None:
            slot.message = message
            slot.done.set()

    async def _show(self, message: Json) -> None:
        decided = await self.decide(message["params"]["message"])
        if decided is not None:
            await self._write({"id": message["id"], "result": decided})

    async def _request(self, number: int, method: str, params: Json) -> None:
        if self.version == MODERN:
            era: Json = {f"{_PREFIX}protocolVersion": MODERN, f"{_PREFIX}clientCapabilities": {}}
            params = {**params, "_meta": {**era, **params.get("_meta", {})}}
        await self._write({"id": number, "method": method, "params": params})

    async def _write(self, message: Json) -> None:
        assert self.process.stdin is not None
        line = json.dumps({"jsonrpc": "2.0", **message})
        await self.process.stdin.send(line.encode() + b"\n")


_Kind = TypeVar("_Kind", bound=StdioHost)


@asynccontextmanager
async def serving(
    kind: Callable[[Process, str, bool], _Kind],
    home: Path,
    version: str,
    environment: Mapping[str, str],
    *,
    can_ask: bool,
) -> AsyncGenerator[_Kind]:
    """A host of this kind before `sent-mcp serve`; who leaves kills it (SIGKILL)."""
    command = [sys.executable, *SERVE]
    async with await anyio.open_process(command, env={**environment, "HOME": str(home)}) as process:
        host = kind(process, version, can_ask)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(host.keep_stderr)
            tasks.start_soon(host.read)
            try:
                await host.begin()
                yield host
            finally:
                if process.returncode is None:
                    process.kill()
                tasks.cancel_scope.cancel()

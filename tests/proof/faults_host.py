"""Hosts of both eras before one server process: many calls at once, and forms that are answered."""

import json
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.serving.wire import MODERN, SERVE

Json = dict[str, Any]
Answer = Callable[[str], Awaitable[Json]]
"""What a host's user does about a form that says this."""
YES: Json = {"action": "accept", "content": {"confirm": True}}
NO: Json = {"action": "decline"}
AT_ONCE: Json = {"action": "cancel"}
_PREFIX = "io.modelcontextprotocol/"
_LONGEST_LINE = 10_000_000


class LostError(Exception):
    """A call without an answer: it took too long, or its server is gone."""


@dataclass(frozen=True)
class Reply:
    """What came of one call, and how long that took."""

    seconds: float
    text: str
    is_error: bool = False
    data: Json = field(default_factory=dict[str, Any])
    state: str | None = None

    @property
    def status(self) -> str:
        """That of a change; of an error its code."""
        if self.is_error:
            return self.text.partition(":")[0]
        return "asked" if self.state is not None else str(self.data.get("status", "done"))

    @property
    def token(self) -> str | None:
        """The confirmation token."""
        return self.data.get("confirmation_token")


@dataclass
class _Open:
    """A call that is under way, and the forms that may be shown meanwhile."""

    done: anyio.Event = field(default_factory=anyio.Event)
    message: Json | None = None


@dataclass
class Host:
    """One connection. `forms`: by a part of what they say, who answers them, the latest last."""

    process: Process
    version: str
    can_ask: bool
    forms: list[tuple[str, Answer]] = field(default_factory=list[tuple[str, Answer]])
    stray: list[str] = field(default_factory=list[str])
    gone: bool = False
    _open: dict[int, _Open] = field(default_factory=dict[int, _Open])
    _number: int = 0
    _stderr: bytes = b""

    @property
    def asks_in_call(self) -> bool:
        """Whether forms are shown while a call is open."""
        return self.can_ask and self.version != MODERN

    async def begin(self) -> None:
        """Say hello."""
        if self.version == MODERN:
            await self.ask("server/discover", {}, 30)
            return
        able: Json = {"elicitation": {}} if self.can_ask else {}
        client = {"name": "proof", "version": "1"}
        given = {"protocolVersion": self.version, "capabilities": able, "clientInfo": client}
        await self.ask("initialize", given, 30)
        await self._write({"method": "notifications/initialized"})

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        seconds: float,
        *,
        ask: bool = False,
        **more: Any,
    ) -> Reply:
        """One tool call; `ask` where this host may show a form. Raises LostError."""
        params: Json = {"name": tool, "arguments": dict(arguments), **more}
        if ask and self.version == MODERN:
            params["_meta"] = {f"{_PREFIX}clientCapabilities": {"elicitation": {"form": {}}}}
        began = time.monotonic()
        message = await self.ask("tools/call", params, seconds)
        return _reply(message, time.monotonic() - began)

    async def ask(self, method: str, params: Json, seconds: float) -> Json:
        """The answer to one request. Raises LostError."""
        self._number += 1
        number, slot = self._number, _Open()
        self._open[number] = slot
        meta = {**self._meta, **params.get("_meta", {})}
        given = {**params, "_meta": meta} if meta else params
        with anyio.move_on_after(seconds):
            await self._write({"id": number, "method": method, "params": given})
            await slot.done.wait()
        del self._open[number]
        if slot.message is None:
            why = "its server ended" if self.gone else f"no answer within {seconds:g} s"
            raise LostError(f"{method}: {why}; {self.complaint}")
        return slot.message

    async def read(self) -> None:
        """Hand each message on until the server ends."""
        assert self.process.stdout is not None
        lines = BufferedByteReceiveStream(self.process.stdout)
        ends = (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError)
        async with anyio.create_task_group() as tasks:
            with suppress(*ends):
                while True:
                    line = await lines.receive_until(b"\n", _LONGEST_LINE)
                    message: Json = json.loads(line)
                    if "method" in message and "id" in message:
                        tasks.start_soon(self._show, message)
                    elif message.get("id") in self._open:
                        slot = self._open[message["id"]]
                        slot.message = message
                        slot.done.set()
        self.gone = True
        for slot in self._open.values():
            slot.done.set()

    async def keep_stderr(self) -> None:
        """The last of what it says there."""
        assert self.process.stderr is not None
        async for chunk in self.process.stderr:
            self._stderr = (self._stderr + chunk)[-4000:]

    @property
    def complaint(self) -> str:
        """What it said on stderr last."""
        return self._stderr.decode(errors="replace")[-600:]

    @property
    def _meta(self) -> Json:
        if self.version != MODERN:
            return {}
        return {f"{_PREFIX}protocolVersion": MODERN, f"{_PREFIX}clientCapabilities": {}}

    async def _show(self, message: Json) -> None:
        said = message["params"]["message"]
        answer = AT_ONCE
        for part, user in reversed(self.forms):
            if part in said:
                answer = await user(said)
                break
        else:
            self.stray.append(said)
        await self._write({"id": message["id"], "result": answer})

    async def _write(self, message: Json) -> None:
        assert self.process.stdin is not None
        try:
            await self.process.stdin.send(
                json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
            )
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.gone = True


def _reply(message: Json, seconds: float) -> Reply:
    if "error" in message:
        error: Json = message["error"]
        # An answer to a form that belongs to no question is refused so, with a code of ours.
        known = str(error["message"]).startswith("STATE_REJECTED:")
        return Reply(seconds, error["message"] if known else f"PROTOCOL: {error}", is_error=True)
    result: Json = message["result"]
    if result.get("resultType") == "input_required":
        (request,) = result["inputRequests"].values()
        return Reply(seconds, request["params"]["message"], state=result["requestState"])
    text = "\n".join(part["text"] for part in result["content"])
    return Reply(seconds, text, bool(result.get("isError")), result.get("structuredContent") or {})


@asynccontextmanager
async def connected(
    home: Path, version: str, environment: Mapping[str, str], *, can_ask: bool
) -> AsyncGenerator[Host]:
    """A host before a server of its own; who leaves kills it (SIGKILL)."""
    command = [sys.executable, *SERVE]
    async with await anyio.open_process(command, env={**environment, "HOME": str(home)}) as process:
        host = Host(process, version, can_ask)
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

"""The server in a process of its own, spoken to line by line as a host does."""

import itertools
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.leaks import WATCH

MODERN = "2026-07-28"
_HANDSHAKES = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
ERAS = [*_HANDSHAKES, MODERN]
SERVE = ("-m", "sent_mcp", "serve")
DEMO = (*SERVE, "--demo", "--state", "memory:")
_SECONDS = 30
_LONGEST_LINE = 10_000_000
Message = dict[str, Any]


class Wire:
    """One server process. Whatever it writes to stdout must be JSON-RPC, one message a line."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._out = BufferedByteReceiveStream(process.stdout)
        self._err = b""
        self._ids = itertools.count(1)
        self._meta: Message | None = None
        self.capabilities: Message = {}
        self.notifications: list[Message] = []

    async def open(self, version: str, **able: Message) -> str:
        """Begin as a client of this version that is able to do this; the version agreed on."""
        if version == MODERN:
            prefix = "io.modelcontextprotocol/"
            self._meta = {f"{prefix}protocolVersion": MODERN, f"{prefix}clientCapabilities": able}
            found = await self.ask("server/discover")
            self.capabilities = found["capabilities"]
            assert MODERN in found["supportedVersions"]
            return MODERN
        client = {"name": "test", "version": "1"}
        given = {"protocolVersion": version, "capabilities": able, "clientInfo": client}
        found = await self.ask("initialize", given)
        self.capabilities = found["capabilities"]
        await self.tell("notifications/initialized")
        return found["protocolVersion"]

    async def call(self, tool: str, meta: Message | None = None, **arguments: Any) -> Message:
        """The result of one tool call."""
        params: Message = {"name": tool, "arguments": arguments}
        return await self.ask("tools/call", {**params, "_meta": meta} if meta else params)

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Message:
        """The result of a request that must not be refused."""
        answer = await self.answer(await self.request(method, params))
        assert "result" in answer, answer
        return answer["result"]

    async def refused(self, method: str, params: Mapping[str, Any]) -> Message:
        """The error of a request that must be refused."""
        answer = await self.answer(await self.request(method, params))
        assert "error" in answer, answer
        return answer["error"]

    async def start(self, tool: str, number: int | None = None, **arguments: Any) -> int:
        """Begin a tool call; its id, which is a new one unless it is given."""
        return await self.request("tools/call", {"name": tool, "arguments": arguments}, number)

    async def question(self) -> Message:
        """The next request of the server's."""
        message = await self._read()
        assert {"id", "method"} <= set(message), message
        return message

    async def request(
        self, method: str, params: Mapping[str, Any] | None = None, number: int | None = None
    ) -> int:
        """Send a request; its id."""
        number = next(self._ids) if number is None else number
        given = dict(params or {})
        if self._meta is not None:
            given["_meta"] = {**self._meta, **given.get("_meta", {})}
        message: Message = {"jsonrpc": "2.0", "id": number, "method": method, "params": given}
        await self.write(json.dumps(message))
        return number

    async def tell(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Send a notification."""
        message: Message = {"jsonrpc": "2.0", "method": method, "params": dict(params or {})}
        await self.write(json.dumps(message))

    async def write(self, line: str) -> None:
        """Send one line, whatever it is."""
        assert self._process.stdin is not None
        await self._process.stdin.send(line.encode() + b"\n")

    async def answer(self, number: int | None) -> Message:
        """The answer to a request, or without a number to no request at all.

        Notifications before it are kept.
        """
        message = await self.any_answer()
        assert message["id"] == number, message
        return message

    async def any_answer(self) -> Message:
        """The next answer, whatever it answers."""
        while True:
            message = await self._read()
            if "id" in message:
                return message
            self.notifications.append(message)

    async def end(self) -> int:
        """Close its stdin as a host does; the exit code. Nothing more may come."""
        code = await self.hang_up()
        assert self._out.buffer == b""
        try:
            rest = await self._out.receive()
        except anyio.EndOfStream:
            rest = b""
        assert rest == b""
        return code

    async def hang_up(self) -> int:
        """The same, whatever it may still write."""
        await self.close_input()
        return await self.ended()

    async def close_input(self) -> None:
        """Close its stdin."""
        assert self._process.stdin is not None
        await self._process.stdin.aclose()

    async def ended(self) -> int:
        """Wait for it; the exit code."""
        return await self._process.wait()

    def signal(self, number: Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    @property
    def stderr(self) -> str:
        """What it wrote to stderr so far; all of it once it has ended."""
        return self._err.decode()

    async def keep_stderr(self) -> None:
        """Read stderr to its end."""
        assert self._process.stderr is not None
        async for chunk in self._process.stderr:
            self._err += chunk

    async def _read(self) -> Message:
        line = await self._out.receive_until(b"\n", _LONGEST_LINE)
        message: Message = json.loads(line)
        WATCH.see("stdout", line.decode(), numbers=False)
        assert message["jsonrpc"] == "2.0", line
        assert {"id", "method"} & set(message), line
        return message


@asynccontextmanager
async def started(
    home: Path, arguments: Sequence[str] = DEMO, **variables: str
) -> AsyncGenerator[Wire]:
    """A server with these variables and a home of its own; killed if it does not end in time."""
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home), **variables}
    command = [sys.executable, *arguments]
    WATCH.know(variables)
    with anyio.fail_after(_SECONDS):
        async with await anyio.open_process(command, env=environment) as process:
            wire = Wire(process)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wire.keep_stderr)
                try:
                    yield wire
                finally:
                    if process.returncode is None:
                        process.kill()
            WATCH.see("stderr", wire.stderr)

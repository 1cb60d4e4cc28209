"""A server that reaches the emulator through a gate, where a request waits for the test."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from tests.door import KEY, served
from tests.serving.wire import SERVE, Message, Wire, started

LEGACY = "2025-11-25"
READ, CHANGE = "GET /v3/contacts", "POST /v3/messages"
HELLO: Message = {"to": ["+14155550102"], "text": "Hello"}


class Gate:
    """Holds requests that begin with `held`. Open, it carries them out; who hangs up, has left."""

    def __init__(self, held: str = READ) -> None:
        self.close(held)
        self.open = anyio.Event()
        self.left = anyio.Event()
        self.done = anyio.Event()

    def close(self, held: str) -> None:
        """Hold these from now on, too."""
        self.held = held
        self.arrived = anyio.Event()


class _Gated:
    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self._gate
        if not gate.held or not f"{scope.get('method')} {scope.get('path')}".startswith(gate.held):
            await self._app(scope, receive, send)
            return
        async with anyio.create_task_group() as tasks:
            if scope["method"] == "GET":
                tasks.start_soon(self._notice_hang_up, receive, tasks.cancel_scope)
            gate.arrived.set()
            await gate.open.wait()
            await self._app(scope, receive, send)
            gate.done.set()
            tasks.cancel_scope.cancel()

    async def _notice_hang_up(self, receive: Receive, waiting: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gate.left.set()
        waiting.cancel()


@asynccontextmanager
async def behind(gate: Gate) -> AsyncGenerator[dict[str, str]]:
    """The emulator; the settings of a server that reaches it. The gate opens at the end."""
    app = create_app()
    app.add_middleware(_Gated, gate=gate)
    async with served(app) as url:
        try:
            yield {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": "memory:"}
        finally:
            gate.open.set()


@asynccontextmanager
async def before(gate: Gate, home: Path) -> AsyncGenerator[Wire]:
    """A server that reaches the emulator through the gate."""
    async with behind(gate) as variables, started(home, SERVE, **variables) as wire:
        yield wire


async def approved(gate: Gate, wire: Wire) -> int:
    """A message that is approved and waits at the gate; the id of its call."""
    gate.close("")
    asked = (await wire.call("send_message", **HELLO))["structuredContent"]
    gate.close(CHANGE)
    token = asked["confirmation_token"]
    number = await wire.start("send_message", **HELLO, confirmation_token=token)
    await gate.arrived.wait()
    return number


async def waiting(gate: Gate, wire: Wire) -> int:
    """A call that reads and waits at the gate; its id."""
    gate.close(READ)
    number = await wire.start("list_contacts")
    await gate.arrived.wait()
    return number

"""A host that goes away ends an import after the numbers that are under way; the rest can go on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from sent_mcp.tools.import_run import AT_ONCE
from tests.door import KEY, SEEDED, Door, opened, served
from tests.guard.test_state_file import reached
from tests.importing import TOOL, add_up, fresh, keys, posts
from tests.serving.wire import MODERN, SERVE, Message, Wire, started

LEGACY = "2025-11-25"


class Gate:
    """Holds creations until it is open, and look-ups of one number until their caller hangs up."""

    def __init__(self) -> None:
        self.waiting = 0
        self.busy = anyio.Event()
        self.open = anyio.Event()
        self.looking = anyio.Event()
        self.left = anyio.Event()


class Held:
    """An emulator behind a gate."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self._gate
        if b"phone=" in scope["query_string"] and not gate.open.is_set():
            gate.looking.set()
            while (await receive())["type"] != "http.disconnect":
                pass
            gate.left.set()
            return
        if scope["method"] == "POST" and scope["path"] == "/v3/contacts":
            gate.waiting += 1
            if gate.waiting == AT_ONCE:
                gate.busy.set()
            await gate.open.wait()
        await self._app(scope, receive, send)


async def goes_on(door: Door, **given: object) -> None:
    """Six were created; the approval used again names the import, and that creates the rest."""
    with anyio.fail_after(10):
        while (again := await door.done(TOOL, **given))["status"] == "outcome_unknown":
            await anyio.lowlevel.checkpoint()
    assert again["status"] == "partial"
    assert again["message"].endswith("Nothing was done again.")
    assert len(await posts(door)) == AT_ONCE
    done = await door.done(TOOL, import_id=again["import_id"])
    assert (done["status"], add_up(done)) == ("imported", {"created": 20})
    assert len(await keys(door)) == len(await posts(door)) == 20


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_a_cancelled_import_begins_no_further_number(
    app: Starlette, state: Path, mode: str
) -> None:
    """Those under way are finished and written down."""
    gate = Gate()
    async with opened(Held(app, gate), state, mode=mode) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(20))).token
        given: dict[str, Any] = {"phone_numbers": fresh(20), "confirmation_token": token}

        scope = anyio.CancelScope()

        async def call() -> None:
            with scope:
                await door.call(TOOL, **given)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await gate.busy.wait()
                scope.cancel()
                # What comes after the cancellation is answered after it.
                await door.done("list_contacts")
                gate.open.set()
        await goes_on(door, **given)


@asynccontextmanager
async def importing(
    state: Path, gate: Gate, version: str
) -> AsyncGenerator[tuple[str, Wire, int, dict[str, Any]]]:
    """A server process that creates as many as it does at once, all of them held at the gate.

    With the emulator's URL, the call's id and its arguments.
    """
    app = create_app()
    # Behind the emulator's own log.
    app.user_middleware.append(Middleware(Held, gate=gate))
    async with served(app) as url:
        settings = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": str(state)}
        async with started(state.parent, SERVE, **settings) as wire:
            await wire.open(version)
            asked = await wire.call(TOOL, phone_numbers=fresh(20))
            token: str = asked["structuredContent"]["confirmation_token"]
            given = {"phone_numbers": fresh(20), "confirmation_token": token}
            call: Message = {"name": TOOL, "arguments": given}
            number = await wire.request("tools/call", call)
            await gate.busy.wait()
            yield url, wire, number, given


@pytest.mark.parametrize("version", [LEGACY, MODERN])
async def test_an_import_cancelled_by_a_notification_begins_no_further_number(
    state: Path, version: str
) -> None:
    """Through real pipes, and no answer comes to what nobody waits for."""
    gate = Gate()
    async with importing(state, gate, version) as (url, wire, number, given):
        await wire.tell("notifications/cancelled", {"requestId": number})
        await wire.call("list_contacts")
        gate.open.set()
        async with reached(url, state) as door:
            await goes_on(door, **given)
        assert await wire.end() == 0


@pytest.mark.parametrize("version", [LEGACY, MODERN])
async def test_an_import_whose_host_closes_stdin_begins_no_further_number(
    state: Path, version: str
) -> None:
    """The server ends once what is under way is written down; another one goes on."""
    gate = Gate()
    async with importing(state, gate, version) as (url, wire, _, given):
        look_up: Message = {
            "name": "find_contact_by_phone",
            "arguments": {"phone_number": SEEDED},
        }
        await wire.request("tools/call", look_up)
        await gate.looking.wait()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wire.hang_up)
            # The server has noticed: nobody waits for the look-up any more.
            await gate.left.wait()
            gate.open.set()
        async with reached(url, state) as door:
            await goes_on(door, **given)

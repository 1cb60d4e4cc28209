"""Once approved it finishes: whoever goes away, and whatever happens to the state file."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.door import SEEDED, Door, Reply, opened

HELLO: dict[str, Any] = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}


class Gate:
    """An emulator that holds one request, once, until it is let go."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.held = ""
        self.arrived = anyio.Event()
        self.let_go = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait at the gate, then carry the request out."""
        if f"{scope['method']} {scope['path']}" == self.held:
            self.held = ""
            self.arrived.set()
            await self.let_go.wait()
        await self.app(scope, receive, send)

    async def abandon(self, door: Door, tool: str, **arguments: object) -> None:
        """Calls, and goes away when the request is at the gate."""

        async def call() -> None:
            await door.call(tool, **arguments)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await self.arrived.wait()
                tasks.cancel_scope.cancel()
                self.let_go.set()


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
@pytest.mark.parametrize("tool", ["delete_contact", "send_message"])
async def test_an_approved_change_is_finished_when_the_host_goes_away(
    app: Starlette, state: Path, tool: str, mode: str
) -> None:
    """And its outcome is recorded."""
    gate = Gate(app)
    async with opened(gate, state, mode=mode) as door:
        given: dict[str, Any] = {"contact_id": await door.contact()}
        request = f"DELETE /v3/contacts/{given['contact_id']}"
        if tool == "send_message":
            request, given = "POST /v3/messages", dict(HELLO)
        given["confirmation_token"] = (await door.call(tool, **given)).token
        gate.held = request
        await gate.abandon(door, tool, **given)
        with anyio.fail_after(10):
            while (again := await door.done(tool, **given))["status"] == "outcome_unknown":
                await anyio.lowlevel.checkpoint()
        assert again["status"] == ("accepted" if tool == "send_message" else "deleted")
        assert await door.changes() == [request]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_host_that_goes_away_before_it_is_approved_changes_nothing(
    app: Starlette, state: Path, mode: str
) -> None:
    """Its token is still good."""
    gate = Gate(app)
    async with opened(gate, state, mode=mode) as door:
        contact_id = await door.contact()
        token = (await door.call("delete_contact", contact_id=contact_id)).token
        given = {"contact_id": contact_id, "confirmation_token": token}
        gate.held = f"GET /v3/contacts/{contact_id}"
        await gate.abandon(door, "delete_contact", **given)
        assert await door.changes() == []
        assert (await door.done("delete_contact", **given))["status"] == "deleted"


async def test_a_change_that_ends_in_the_moment_in_which_its_time_is_up_is_told(
    app: Starlette, state: Path
) -> None:
    """A machine that is busy sees both at once: the end of the time must not hide the outcome."""
    gate, replies = Gate(app), list[Reply]()
    async with opened(gate, state, call_timeout=2) as door:
        given = {"contact_id": await door.contact()}
        given["confirmation_token"] = (await door.call("delete_contact", **given)).token
        gate.held = f"DELETE /v3/contacts/{given['contact_id']}"
        is_over = time.monotonic() + 2

        async def call() -> None:
            replies.append(await door.call("delete_contact", **given))

        with closing(sqlite3.connect(state, isolation_level=None)) as other:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await gate.arrived.wait()
                other.execute("BEGIN IMMEDIATE")
                gate.let_go.set()
                await anyio.sleep(is_over - 0.1 - time.monotonic())
                other.execute("ROLLBACK")
                time.sleep(0.6)  # noqa: ASYNC251  # the outcome is recorded while nobody looks
    (reply,) = replies
    assert reply.data.get("status") == "deleted", reply.text


class SpoilsState:
    """An emulator during whose first change the state file becomes garbage."""

    def __init__(self, app: ASGIApp, state: Path) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, spoil the file, answer."""
        if scope["method"] in ("DELETE", "POST") and scope["path"].startswith("/v3/"):
            await anyio.Path(self.state).write_bytes(b"no database at all. " * 1000)
        await self.app(scope, receive, send)


@pytest.mark.parametrize("tool", ["delete_contact", "send_message"])
async def test_a_state_file_that_fails_after_the_change_does_not_hide_it(
    app: Starlette, state: Path, tool: str
) -> None:
    """What was done is said, although it could not be written down."""
    async with opened(SpoilsState(app, state), state) as door:
        arguments = HELLO if tool == "send_message" else {"contact_id": await door.contact()}
        done = await door.twice(tool, **arguments)
    assert done["status"] in ("accepted", "deleted")

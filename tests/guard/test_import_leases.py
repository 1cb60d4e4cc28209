"""How long an import can go on, for whom, and for one call at a time."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from sent_mcp.guard.imports import Imports
from sent_mcp.state import IMPORT_SECONDS, SqliteState
from tests.door import Door, opened, served
from tests.guard.test_finishing import Gate
from tests.guard.test_state_file import reached
from tests.importing import (
    CLOSED,
    CREATION,
    TOOL,
    add_up,
    are_contacts,
    begun,
    fresh,
    posts,
)


def later(state: Path, seconds: float) -> None:
    """Everything was done that much earlier, which is the same as waiting."""
    with closing(sqlite3.connect(state)) as database, database:
        database.execute("UPDATE imports SET expires_at = expires_at - ?", (seconds,))
        database.execute("UPDATE imports SET busy_until = max(0, busy_until - ?)", (seconds,))


@pytest.mark.parametrize("seconds", [IMPORT_SECONDS + 1, -10.0])
async def test_after_half_an_hour_it_is_gone(door: Door, state: Path, seconds: float) -> None:
    """The list is asked about again; so it is after a clock was set back."""
    said = await begun(door, fresh(12), CLOSED)
    later(state, seconds)
    await door.forget()
    text = await door.refused(TOOL, import_id=said["import_id"])
    assert text.startswith("UNKNOWN_IMPORT: ")
    assert "Nothing was created. Call again with the list" in text
    assert await door.log() == []
    assert (await door.done(TOOL, phone_numbers=fresh(12)))["status"] == "confirmation_required"


async def test_shortly_before_that_it_goes_on(door: Door, state: Path) -> None:
    """However the clock of the process that began it is."""
    said = await begun(door, fresh(12), CLOSED)
    later(state, IMPORT_SECONDS - 5)
    assert add_up(await door.done(TOOL, import_id=said["import_id"])) == {"created": 12}


async def test_another_account_cannot_go_on_with_it(app: Starlette, state: Path) -> None:
    """It is another address book."""
    async with served(app) as url, reached(url, state) as door:
        said = await begun(door, fresh(12), CLOSED)
        await door.forget()
        async with reached(url.replace("127.0.0.1", "localhost"), state) as other:
            text = await other.refused(TOOL, import_id=said["import_id"])
        assert text.startswith("UNKNOWN_IMPORT: ")
        assert await posts(door) == []
        async with reached(url, state) as second:
            done = await second.done(TOOL, import_id=said["import_id"])
        assert add_up(done) == {"created": 12}


async def test_another_caller_can_neither_go_on_with_it_nor_hold_it_up() -> None:
    """Nor learn that it is there."""
    state = SqliteState("memory:")
    imports = Imports(state, account=lambda: "mine")
    mine = await imports.begun("me", "key", agreed=True)
    await state.keep_import(mine)
    for reach in (imports.find, imports.claimed):
        for caller, import_id in (("them", mine.import_id), ("me", "imp_other")):
            with pytest.raises(Exception, match="UNKNOWN_IMPORT: there is no such import"):
                await reach(caller, import_id)
    assert (await imports.claimed("me", mine.import_id)).idempotency_key == "key"
    await state.aclose()


async def test_what_expires_while_it_is_worked_on_cannot_go_on() -> None:
    """Its numbers are gone with the next use of the store."""
    now = 1_800_000_000.0
    state = SqliteState("memory:", clock=lambda: now)
    imports = Imports(state, account=lambda: "mine")
    mine = replace(await imports.begun("me", "key", agreed=True), numbers=("+14155562000",))
    assert await imports.keep(mine) is True
    now += IMPORT_SECONDS + 1
    assert await imports.keep(mine) is False
    assert await state.find_import(mine.import_id) is None
    await state.aclose()


async def test_two_calls_do_not_work_on_it_at_once(app: Starlette, state: Path) -> None:
    """The second is told to wait, and all the while every other call is served."""
    gate = Gate(app)
    async with opened(gate, state, requests_per_minute=60) as door, opened(app, state) as other:
        said = await begun(door, fresh(12), CLOSED)
        given = {"import_id": said["import_id"]}
        answers: list[dict[str, Any]] = []

        async def go_on() -> None:
            answers.append(await door.done(TOOL, **given))

        gate.held = CREATION
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(go_on)
            await gate.arrived.wait()
            text = await other.refused(TOOL, **given)
            assert text.startswith("IMPORT_BUSY: another call is working on this import. Nothing ")
            assert (await door.done("list_contacts"))["total_count"] > 0
            gate.let_go.set()
        assert add_up(answers[0]) == {"created": 12}
        assert (await other.done(TOOL, **given))["counts"]["created"] == 12
        assert await are_contacts(door, fresh(12)) == 12


async def test_a_server_that_died_holds_it_for_a_minute(door: Door, state: Path) -> None:
    """Then somebody else may go on."""
    said = await begun(door, fresh(12), CLOSED)
    with closing(sqlite3.connect(state)) as database, database:
        database.execute("UPDATE imports SET busy_until = expires_at - 1740")
    assert "IMPORT_BUSY" in await door.refused(TOOL, import_id=said["import_id"])
    later(state, 61)
    assert add_up(await door.done(TOOL, import_id=said["import_id"])) == {"created": 12}

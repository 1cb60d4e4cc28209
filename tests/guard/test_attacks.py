"""What was tried against the guard, and must go on failing."""

from pathlib import Path

import anyio
import mcp_types as mcp
import pytest
from starlette.applications import Starlette

from sent_mcp.guard.ask import Heard, heard
from sent_mcp.guard.restraint import Restraint
from sent_mcp.state import MEMORY, NewSend, SqliteState
from tests.door import opened
from tests.guard.hosts import AT_ONCE, DECLINES, ERAS, Host
from tests.guard.test_finishing import Gate

SEND = NewSend("mine", "body", "content", ("ada",), "key")


async def test_the_loser_of_a_race_is_told_what_came_of_it(app: Starlette, state: Path) -> None:
    """Not that there is no such contact."""
    gate = Gate(app)
    async with opened(app, state) as one, opened(gate, state) as two:
        contact_id = await one.contact()
        token = (await one.call("delete_contact", contact_id=contact_id)).token
        given = {"contact_id": contact_id, "confirmation_token": token}
        said: list[str] = []

        async def lose() -> None:
            said.append((await two.done("delete_contact", **given))["status"])

        gate.held = f"GET /v3/contacts/{contact_id}"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lose)
            await gate.arrived.wait()
            await one.done("delete_contact", **given)
            gate.let_go.set()
        assert said == ["deleted"]
        assert len(await one.changes()) == 1


@pytest.mark.parametrize("era", ERAS)
async def test_a_no_takes_back_every_token_for_the_same(
    app: Starlette, state: Path, era: str
) -> None:
    """One that a form which was never drawn has left behind included."""
    async with Host(AT_ONCE).before(app, state, era) as door:
        contact_id = await door.contact()
        token = (await door.call("delete_contact", contact_id=contact_id)).token
    async with Host(DECLINES).before(app, state, era) as door:
        refused = await door.done("delete_contact", contact_id=contact_id)
        assert refused["status"] == "declined"
    async with opened(app, state) as door:
        given = {"contact_id": contact_id, "confirmation_token": token}
        assert (await door.done("delete_contact", **given))["status"] == "expired"
        assert await door.changes() == []


def test_a_clock_that_went_back_makes_no_cancel_an_instant_one() -> None:
    """Somebody may have read the form."""
    cancelled = mcp.ElicitResult(action="cancel")
    assert heard(cancelled, 0.1) is Heard.UNABLE
    assert heard(cancelled, -60.0) is Heard.NO


async def test_a_send_that_was_dropped_leaves_no_number_to_another() -> None:
    """An approval that is bound to it must not fit the next one."""
    state = SqliteState(MEMORY)
    first = await state.start_send(SEND, 10, [])
    assert isinstance(first, int)
    assert await state.drop_send(first, repeated=False)
    second = await state.start_send(SEND, 10, [])
    assert isinstance(second, int)
    assert second > first
    await state.aclose()


async def test_one_more_no_does_not_end_the_silence() -> None:
    """It may come from a form that was still open."""
    now = [1000.0]
    state = SqliteState(MEMORY, clock=lambda: now[0])
    restraint = Restraint(state)
    for moment in (1000.0, 1200.0, 1250.0, 1510.0):
        now[0] = moment
        await restraint.declined("me")
    assert await restraint.silent_until("me") == "00:25:50 UTC"
    now[0] = 1551.0
    assert await restraint.silent_until("me") is None
    await state.aclose()

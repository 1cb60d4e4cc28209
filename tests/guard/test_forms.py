"""Stories of the form: what a host shows, whom it asks and how long, and what ends it."""

from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door
from tests.guard.changes import DELETE, to_delete
from tests.guard.hosts import (
    ACCEPTS,
    AGREED,
    AT_ONCE,
    DECLINES,
    ERAS,
    HANDSHAKE,
    MODERN,
    SHORT,
    YES,
    Host,
    Kind,
    asked,
    at_sent,
    told,
)
from tests.guard.matrix_actions import OPTED_OUT

SLOW = Kind("accepts-after-a-while", YES, seconds=2 * SHORT)


async def refused_for_now(door: Door, said: dict[str, Any]) -> None:
    """Nobody was asked, because of three refusals."""
    assert said["status"] == "declined"
    assert said["message"].startswith(
        "Nothing was deleted. Three questions were refused within five minutes, so nothing is asked"
    )
    assert await door.changes() == []


@pytest.mark.parametrize("era", ERAS)
async def test_a_form_is_one_box_that_is_not_ticked(app: Starlette, state: Path, era: str) -> None:
    """The question is its message, and what is agreed to stands beside the box."""
    host = Host(ACCEPTS)
    async with host.before(app, state, era) as door:
        assert (await door.done(DELETE, **await to_delete(door)))["status"] == "deleted"
    (form,) = host.forms
    assert form.message.startswith("Demo: nothing leaves this machine.\nDelete the contact")
    assert form.requested_schema == {
        "type": "object",
        "properties": {
            "confirm": {
                "type": "boolean",
                "title": f"Yes, delete {SEEDED}",
                "description": "Leave it unticked, or decline, to refuse",
                "default": False,
            }
        },
        "required": ["confirm"],
    }


@pytest.mark.parametrize("era", ERAS)
async def test_the_user_reads_numbers_that_the_model_does_not(
    app: Starlette, state: Path, era: str
) -> None:
    """With SENT_MCP_MASK_PHONES the form is unmasked, and all that comes back is masked."""
    host = Host(DECLINES)
    async with host.before(app, state, era, mask_phones=True) as door:
        said = await door.call(DELETE, **await to_delete(door))
        assert said.data["status"] == "declined"
        assert await door.changes() == []
    (form,) = host.forms
    assert f"Delete the contact {SEEDED} (id " in form.message
    assert SEEDED in str(form.requested_schema)
    assert "Delete the contact" in said.data["question"]
    for text in (said.text, str(said.data)):
        assert SEEDED not in text
        assert SEEDED[1:] not in text


async def test_ten_questions_about_a_record_that_moves_are_asked_once_each(
    app: Starlette, state: Path
) -> None:
    """Times are shown and are not what is agreed to."""
    host = Host(ACCEPTS)
    async with host.before(app, state, MODERN) as door:
        contact_id = await door.contact(OPTED_OUT)
        path, opt_in = f"/v3/contacts/{contact_id}", {"contact_id": contact_id, "opt_out": False}

        async def touched() -> None:
            await door.advance(90)
            await at_sent(door, "PATCH", path, {"opt_out": True})
            await door.forget()

        for times in range(1, 11):
            host.meanwhile = touched
            said = await door.done("update_contact", **opt_in)
            assert said["status"] == "updated"
            assert len(host.forms) == times
            assert await door.changes() == [f"PATCH {path}"]
            await at_sent(door, "PATCH", path, {"opt_out": True})
    assert len({form.message for form in host.forms}) == 10


@pytest.mark.parametrize("era", ERAS)
async def test_after_three_refusals_nobody_is_asked(app: Starlette, state: Path, era: str) -> None:
    """For five minutes; a token counts for nothing meanwhile, and a dry run goes on."""
    host = Host(AT_ONCE)
    async with host.before(app, state, era) as door:
        given = await to_delete(door)
        token = (await door.call(DELETE, **given)).token
        host.kind = DECLINES
        for _ in range(3):
            assert (await door.done(DELETE, **given))["status"] == "declined"
        assert len(host.forms) == 4
        host.kind = ACCEPTS
        await refused_for_now(door, await door.done(DELETE, **given))
        await refused_for_now(door, await door.done(DELETE, **given, confirmation_token=token))
        assert len(host.forms) == 4
        assert (await door.done(DELETE, **given, dry_run=True))["status"] == "dry_run"


async def test_a_question_that_was_open_before_three_refusals_is_not_answered_after_them(
    app: Starlette, state: Path
) -> None:
    """Neither does its yes count."""
    host = Host(DECLINES)
    async with host.before(app, state, MODERN) as door:
        given = await to_delete(door)
        open_one = await asked(door, DELETE, given)
        for _ in range(3):
            assert (await door.done(DELETE, **given))["status"] == "declined"
        await refused_for_now(door, await told(door, DELETE, given, state=open_one.state, **AGREED))


async def test_an_answer_that_comes_too_late_does_nothing(app: Starlette, state: Path) -> None:
    """The call ended before; the user ticks the box of a form that was left open."""
    host, ended, answered = Host(ACCEPTS), anyio.Event(), anyio.Event()

    async def meanwhile() -> None:
        with anyio.CancelScope(shield=True):
            await ended.wait()
        answered.set()

    host.meanwhile = meanwhile
    async with host.before(app, state, HANDSHAKE, ask_timeout=SHORT) as door:
        said = await door.done(DELETE, **await to_delete(door))
        assert said["status"] == "expired"
        assert said["message"] == (
            "Nothing was deleted. Nobody answered in time; ask again when the user is there."
        )
        ended.set()
        await answered.wait()
        assert await door.contact()
        assert await door.changes() == []


async def test_a_call_that_is_cancelled_while_its_form_is_open_changes_nothing(
    app: Starlette, state: Path
) -> None:
    """Even when the box is ticked then; the next call asks anew."""
    host, scope = Host(ACCEPTS), anyio.CancelScope()

    async def meanwhile() -> None:
        scope.cancel()

    host.meanwhile = meanwhile
    async with host.before(app, state, HANDSHAKE) as door:
        given = await to_delete(door)
        with scope:
            await door.call(DELETE, **given)
        assert scope.cancelled_caught
        assert await door.contact()
        assert await door.changes() == []
        assert (await door.done(DELETE, **given))["status"] == "deleted"
    assert len(host.forms) == 2


@pytest.mark.parametrize("told_of_progress", [True, False])
async def test_a_question_stays_open_longer_where_the_host_is_told_that_we_wait(
    app: Starlette, state: Path, told_of_progress: bool
) -> None:
    """Six times as long; a host that did not ask for progress would give up meanwhile."""
    host, waiting = Host(SLOW), list[str | None]()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        waiting.append(message)

    async with host.before(app, state, HANDSHAKE, ask_timeout=SHORT) as door:
        said = await door.client.call_tool(
            DELETE, await to_delete(door), progress_callback=note if told_of_progress else None
        )
        data = cast("dict[str, Any]", said.structured_content)
        assert data["status"] == ("deleted" if told_of_progress else "expired")
        assert len(await door.changes()) == (1 if told_of_progress else 0)
    assert waiting == (["waiting for the user's answer"] if told_of_progress else [])


async def test_the_time_a_user_takes_is_not_the_time_of_the_call(
    app: Starlette, state: Path
) -> None:
    """SENT_MCP_CALL_TIMEOUT is for requests, and keeps a second back of its own."""
    host = Host(Kind("accepts-after-a-while", YES, seconds=1.5))
    async with host.before(app, state, HANDSHAKE, call_timeout=2) as door:
        assert (await door.done(DELETE, **await to_delete(door)))["status"] == "deleted"

"""Stories of the form: what a host shows, what comes back, and what is done about it."""

from pathlib import Path
from typing import Any, cast

import anyio
import mcp_types as mcp
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened
from tests.guard.changes import OTHER
from tests.guard.hosts import (
    ACCEPTS,
    AT_ONCE,
    DECLINES,
    ERAS,
    HANDSHAKE,
    MODERN,
    SHORT,
    YES,
    Asked,
    Host,
    Kind,
    asked,
    at_sent,
    one_round,
    rejected,
    told,
)

OPTED_OUT = "+14165550104"
SECRET = "a secret of at least thirty-two characters"
DELETE = "delete_contact"
SLOW = Kind("accepts-after-a-while", YES, seconds=2 * SHORT)
MADE_UP = f"delete {SEEDED} cf_" + "A" * 34
AGREED: dict[str, Any] = {"answers": {"confirm": YES}}


async def to_delete(door: Door, number: str = SEEDED) -> dict[str, Any]:
    """The arguments of a delete."""
    return {"contact_id": await door.contact(number)}


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


@pytest.mark.parametrize("era", ERAS)
async def test_a_model_that_invents_a_token_gets_none_where_the_user_can_be_asked(
    app: Starlette, state: Path, era: str
) -> None:
    """Nor is the user asked: a model must not go on until a form is ticked by mistake."""
    host = Host(ACCEPTS)
    async with host.before(app, state, era) as door:
        said = await door.done(DELETE, **await to_delete(door), confirmation_token=MADE_UP)
        assert said["status"] == "token_rejected"
        assert said["message"].startswith("Nothing was deleted. The token was not issued here")
        assert "confirmation_token" not in said
        assert await door.changes() == []
    assert host.forms == []


@pytest.mark.parametrize("era", ERAS)
async def test_in_mode_ask_a_token_takes_nothing_away_from_a_form(
    app: Starlette, state: Path, era: str
) -> None:
    """It is worth nothing there; the user is asked as without it, and a yes is a yes."""
    host = Host(ACCEPTS)
    async with host.before(app, state, era, confirm="ask") as door:
        said = await door.done(DELETE, **await to_delete(door), confirmation_token=MADE_UP)
        assert len(host.forms) == 1
        assert said["status"] == "deleted", said["message"]


async def test_a_token_cannot_be_made_of_a_state(app: Starlette, state: Path) -> None:
    """Both are signed with the same key, for different purposes."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        form = await asked(door, DELETE, given)
        signed = form.state.removeprefix("form_")
        for token in (form.state, signed, f"delete {SEEDED} cf_{signed}", f" cf_{signed}"):
            said = await told(door, DELETE, given | {"confirmation_token": token})
            assert said["status"] == "token_rejected"
        assert await door.changes() == []
        done = await told(door, DELETE, given, state=form.state, **AGREED)
        assert done["status"] == "deleted"


async def test_a_state_cannot_be_made_of_a_token(app: Starlette, state: Path) -> None:
    """Nor does a yes beside it help."""
    async with Host(AT_ONCE).before(app, state, MODERN) as door:
        given = await to_delete(door)
        token = (await door.call(DELETE, **given)).token
        signed = token.partition(" cf_")[2]
        for made in (token, signed, f"form_{signed}", f"cf_{signed}"):
            await rejected(door, DELETE, given, state=made, **AGREED)
        assert await door.changes() == []


async def test_an_answer_to_no_question_is_asked_and_not_obeyed(
    app: Starlette, state: Path
) -> None:
    """A yes without a state, or a state without a yes of that name, is a first call."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        form = await asked(door, DELETE, given, **AGREED)
        for answers in (None, {}, {"Confirm": YES}, {"other": YES}):
            again = await asked(door, DELETE, given, state=form.state, answers=answers)
            assert again.form == form.form
            assert again.state != form.state
        assert await door.changes() == []


async def test_an_answer_of_another_kind_is_no_answer(app: Starlette, state: Path) -> None:
    """Roots are none of a form's."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        form = await asked(door, DELETE, given)
        roots: mcp.InputResponses = {"confirm": mcp.ListRootsResult(roots=[])}
        said = await one_round(door, DELETE, given, state=form.state, answers=roots)
        assert isinstance(said, Asked)
        assert await door.changes() == []


async def test_a_state_that_was_tampered_with_is_rejected(app: Starlette, state: Path) -> None:
    """As a wrong request (MCP 2026-07-28); nobody is asked anew, and the true one still works."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        true = (await asked(door, DELETE, given)).state
        other = "A" if true[-6] != "A" else "B"
        spoilt = ["", "yes", true[:-1], true + "A", true + "=", f" {true}", true.upper()]
        spoilt += [true[:-6] + other + true[-5:], "form_" + "A" * 34, "form_" + true, "\x00" + true]
        for wrong in spoilt:
            said = await rejected(door, DELETE, given, state=wrong, **AGREED)
            assert said.message == (
                "STATE_REJECTED: the answer belongs to no question that was asked here for exactly"
                " this call. Nothing was deleted. The same call without requestState asks the user"
                " anew."
            )
        assert await door.changes() == []
        assert (await told(door, DELETE, given, state=true, **AGREED))["status"] == "deleted"


async def test_a_state_is_for_one_call_only(app: Starlette, state: Path) -> None:
    """Not for another contact, tool or account, nor for a server with another secret."""
    host = Host(ACCEPTS)
    async with (
        host.before(app, state, MODERN) as door,
        host.before(app, state, MODERN, secret=SECRET) as stranger,
    ):
        contact_id = await door.contact(OPTED_OUT)
        given = {"contact_id": contact_id}
        brought = {"state": (await asked(door, DELETE, given)).state, **AGREED}
        for at, tool, wrong in (
            (door, DELETE, await to_delete(door, OTHER)),
            (door, "update_contact", {**given, "opt_out": False}),
            (stranger, DELETE, given),
        ):
            await rejected(at, tool, wrong, **brought)
        assert await door.changes() == []


async def test_one_yes_that_arrives_many_times_at_once_acts_once(
    app: Starlette, state: Path
) -> None:
    """The others tell what came of it."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        brought = {"state": (await asked(door, DELETE, given)).state, **AGREED}
        said: list[str] = []

        async def answer() -> None:
            said.append((await told(door, DELETE, given, **brought))["message"])

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(answer)
        assert len(await door.changes()) == 1
        assert sum(text.endswith("Nothing was done again.") for text in said) == 4


async def test_a_refusal_and_a_yes_at_once_are_at_most_one_change(
    app: Starlette, state: Path
) -> None:
    """Whoever comes first has answered the question."""
    async with Host(ACCEPTS).before(app, state, MODERN) as door:
        given = await to_delete(door)
        open_one = await asked(door, DELETE, given)
        no: mcp.InputResponses = {"confirm": mcp.ElicitResult(action="decline")}
        said = await told(door, DELETE, given, state=open_one.state, answers=no)
        assert said["status"] == "declined"
        said = await told(door, DELETE, given, state=open_one.state, **AGREED)
        assert said["status"] == "expired"
        assert await door.changes() == []


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("called", ["remote_cowork", "app-remote_cowork", "remote_cowork/2"])
async def test_a_host_known_to_draw_no_forms_gets_a_token_at_once(
    app: Starlette, state: Path, era: str, called: str
) -> None:
    """Although it declares that it shows them; in mode ask there is then no way."""
    host = Host(Kind("never-draws", YES, called=called))
    async with host.before(app, state, era) as door:
        given = await to_delete(door)
        first = await door.call(DELETE, **given)
        assert first.data["status"] == "confirmation_required"
        assert await door.changes() == []
        done = await door.done(DELETE, **given, confirmation_token=first.token)
        assert done["status"] == "deleted"
    async with host.before(app, state, era, confirm="ask") as door:
        said = await door.done(DELETE, **await to_delete(door, OTHER))
        assert said["status"] == "cannot_confirm"
    assert host.forms == []


async def test_a_token_of_a_host_without_forms_is_good_in_one_that_has_them(
    app: Starlette, state: Path
) -> None:
    """It was given for exactly this call; the form is for calls that bring none."""
    host = Host(ACCEPTS)
    async with opened(app, state, mode=MODERN) as door, host.before(app, state, MODERN) as other:
        given = await to_delete(door)
        token = (await door.call(DELETE, **given)).token
        assert (await other.done(DELETE, **given, confirmation_token=token))["status"] == "deleted"
        assert len(await door.changes()) == 1
    assert host.forms == []

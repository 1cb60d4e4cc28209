"""What agrees to a change: a form's state and a token, each for its own call, and once."""

from pathlib import Path

import anyio
import mcp_types as mcp
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, opened
from tests.guard.changes import DELETE, OTHER, to_delete
from tests.guard.hosts import (
    ACCEPTS,
    AGREED,
    AT_ONCE,
    ERAS,
    MODERN,
    YES,
    Asked,
    Host,
    Kind,
    asked,
    one_round,
    rejected,
    told,
)
from tests.guard.matrix_actions import OPTED_OUT

SECRET = "a secret of at least thirty-two characters"
MADE_UP = f"delete {SEEDED} cf_" + "A" * 34


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

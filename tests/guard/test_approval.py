"""The two calls: the first never acts, and the second only for exactly what was asked."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import Door, opened
from tests.guard.changes import DONE, GUARDED, UNDONE, arguments_of

SPOILT: list[Callable[[str], str]] = [
    lambda token: "yes",
    lambda token: "delete +14155550102 cf_" + "A" * 34,
    lambda token: token[:-1],
    lambda token: token[:-12],
    lambda token: token.partition(" cf_")[2],
    lambda token: "cf_" + token.partition(" cf_")[2],
    lambda token: token.replace("1", "2", 1),
    lambda token: token + "A",
    lambda token: token + "=",
    lambda token: token.replace(" cf_", "\u00a0cf_"),
    lambda token: token.replace(" cf_", "  cf_"),
    lambda token: token.upper(),
    lambda token: token + "\u202e\U0001f600",
    lambda token: "ｃｆ＿" + token,
    lambda token: "\x00" + token,
    lambda token: token + " cf_",
]


@pytest.mark.parametrize("tool", GUARDED)
async def test_the_first_call_asks_and_changes_nothing(door: Door, tool: str) -> None:
    """However often it is made; the question begins with where we are."""
    arguments = await arguments_of(door, tool)
    tokens: set[str] = set()
    for _ in range(3):
        asked = await door.done(tool, **arguments)
        assert asked["status"] == "confirmation_required"
        assert asked["message"].startswith(UNDONE[tool])
        assert asked["question"].startswith("Demo: nothing leaves this machine.\n")
        assert asked["next"].startswith(f"{tool}(")
        assert asked["next"].endswith(f'confirmation_token="{asked["confirmation_token"]}")')
        tokens.add(asked["confirmation_token"])
    assert len(tokens) == 3
    assert await door.changes() == []


@pytest.mark.parametrize("tool", GUARDED)
async def test_the_second_call_acts_once_and_a_third_only_tells(door: Door, tool: str) -> None:
    """A used token returns its recorded outcome."""
    arguments = await arguments_of(door, tool)
    token = (await door.call(tool, **arguments)).token
    done = await door.done(tool, **arguments, confirmation_token=token)
    assert done["status"] == DONE[tool]
    for _ in range(2):
        again = await door.done(tool, **arguments, confirmation_token=token)
        assert again["status"] == DONE[tool]
        assert "This approval was already used at " in again["message"]
        assert again["message"].endswith("Nothing was done again.")
        assert "confirmation_token" not in again
    assert len(await door.changes()) == 1


@pytest.mark.parametrize("tool", GUARDED)
@pytest.mark.parametrize(
    "spoil",
    SPOILT,
)
async def test_a_token_that_was_not_issued_is_rejected_with_a_new_question(
    door: Door, tool: str, spoil: Callable[[str], str]
) -> None:
    """Nothing is done; the true one still works."""
    arguments = await arguments_of(door, tool)
    token = (await door.call(tool, **arguments)).token
    wrong = await door.done(tool, **arguments, confirmation_token=spoil(token))
    assert wrong["status"] == "token_rejected"
    assert (
        wrong["message"] == f"{UNDONE[tool]} The token was not issued here for exactly this call."
    )
    assert wrong["confirmation_token"] not in (token, spoil(token))
    assert await door.changes() == []
    right = await door.done(tool, **arguments, confirmation_token=token)
    assert right["status"] == DONE[tool]


async def test_opting_out_needs_nobody(door: Door) -> None:
    """A STOP is never held up; neither is a first contact."""
    contact_id = await door.contact()
    out = await door.done("update_contact", contact_id=contact_id, opt_out=True)
    assert out["status"] == "updated"


async def test_a_token_on_a_dry_run_is_not_used_up(door: Door) -> None:
    """It changes nothing and approves nothing."""
    contact_id = await door.contact()
    token = (await door.call("delete_contact", contact_id=contact_id)).token
    dry = await door.done(
        "delete_contact", contact_id=contact_id, dry_run=True, confirmation_token=token
    )
    assert dry["status"] == "dry_run"
    assert await door.changes() == []
    done = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
    assert done["status"] == "deleted"


async def test_in_mode_ask_a_token_is_worth_nothing(app: Starlette, state: Path) -> None:
    """Only a form counts there, and this version has none."""
    async with opened(app, state) as door:
        arguments = await arguments_of(door, "delete_contact")
        token = (await door.call("delete_contact", **arguments)).token
    async with opened(app, state, confirm="ask") as door:
        for given in (None, token):
            said = await door.done("delete_contact", **arguments, confirmation_token=given)
            assert said["status"] == "cannot_confirm"
            assert said["message"].startswith("Nothing was deleted. SENT_MCP_CONFIRM=ask")
        assert await door.changes() == []


@pytest.mark.parametrize("tool", GUARDED)
async def test_in_mode_off_nobody_is_asked(app: Starlette, state: Path, tool: str) -> None:
    """The operator wants it so; no state is kept for it."""
    async with opened(app, state, confirm="off") as door:
        done = await door.done(tool, **await arguments_of(door, tool))
        assert done["status"] == DONE[tool]
        assert len(await door.changes()) == 1
    assert not await anyio.Path(state).exists()


async def test_in_mode_token_it_is_always_two_calls(app: Starlette, state: Path) -> None:
    """As in auto, here."""
    async with opened(app, state, confirm="token") as door:
        gone = await door.twice("delete_contact", contact_id=await door.contact())
    assert gone["status"] == "deleted"

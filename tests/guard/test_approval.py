"""The two calls: the first never acts, and the second only for exactly what was asked."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened

OTHER = "+14155550103"
Arguments = dict[str, Any]
GUARDED = ["delete_contact", "send_message", "update_contact"]
DONE = {"delete_contact": "deleted", "send_message": "accepted", "update_contact": "updated"}
UNDONE = {
    "delete_contact": "Nothing was deleted.",
    "send_message": "Nothing was sent.",
    "update_contact": "Nothing was changed.",
}


async def arguments_of(door: Door, tool: str) -> Arguments:
    """Something each guarded tool could do."""
    if tool == "send_message":
        return {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
    if tool == "update_contact":
        return {"contact_id": (await door.opted_out())["id"], "opt_out": False}
    return {"contact_id": await door.contact()}


@pytest.mark.parametrize("tool", GUARDED)
async def test_the_first_call_asks_and_changes_nothing(door: Door, tool: str) -> None:
    """However often it is made; the question begins with where we are."""
    arguments = await arguments_of(door, tool)
    tokens: set[str] = set()
    for _ in range(3):
        asked = await door.done(tool, **arguments)
        assert asked["status"] == "confirmation_required"
        assert asked["message"] == UNDONE[tool]
        assert asked["question"].startswith("Demo: nothing leaves this machine.\n")
        assert asked["next"] == (
            f"if the user agrees, {tool} with the same arguments and"
            f' confirmation_token="{asked["confirmation_token"]}"'
        )
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
        assert "This token was already used at " in again["message"]
        assert again["message"].endswith("Nothing was done again.")
        assert "confirmation_token" not in again
    assert len(await door.changes()) == 1


@pytest.mark.parametrize("tool", GUARDED)
@pytest.mark.parametrize(
    "spoil",
    [
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
    ],
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


async def test_a_token_is_for_one_tool_only(door: Door) -> None:
    """Two guarded tools may take the same arguments."""
    contact = await door.opted_out()
    token = (await door.call("delete_contact", contact_id=contact["id"])).token
    wrong = await door.done(
        "update_contact", contact_id=contact["id"], opt_out=False, confirmation_token=token
    )
    assert wrong["status"] == "token_rejected"
    assert await door.changes() == []


@pytest.mark.parametrize(
    "other",
    [
        {"to": [OTHER]},
        {"to": [SEEDED, OTHER]},
        {"text": "Hello!"},
        {"text": "hello"},
        {"channels": ["whatsapp"]},
        {"channels": ["sms", "whatsapp"]},
        {"channels": None},
        {"subject": "x"},
        {"media_urls": ["https://example.com/a.png"]},
        {"scheduled_at": "in an hour"},
    ],
)
async def test_a_token_is_for_exactly_these_arguments(
    door: Door, other: Arguments, soon: str
) -> None:
    """One more recipient, one other letter: a new question."""
    arguments = await arguments_of(door, "send_message")
    token = (await door.call("send_message", **arguments)).token
    changed = {**arguments, **other}
    if "scheduled_at" in changed:
        changed["scheduled_at"] = soon
    wrong = await door.done("send_message", **changed, confirmation_token=token)
    assert wrong["status"] == "token_rejected"
    assert await door.changes() == []


@pytest.mark.parametrize(
    "same",
    [
        {"to": "+1 415 555 0102"},
        {"to": '["tel:+14155550102"]'},
        {"to": [SEEDED, SEEDED]},
        {"channels": "SMS"},
        {"subject": None},
        {"media_urls": ""},
        {"dry_run": "false"},
    ],
)
async def test_the_same_call_in_other_words_is_the_same_call(door: Door, same: Arguments) -> None:
    """What is bound is what was understood."""
    arguments = await arguments_of(door, "send_message")
    token = (await door.call("send_message", **arguments)).token
    done = await door.done("send_message", **{**arguments, **same}, confirmation_token=token)
    assert done["status"] == "accepted"


async def opt_out(door: Door, contact_id: str) -> None:
    await door.done("update_contact", contact_id=contact_id, opt_out=True)


async def other_channel(door: Door, contact_id: str) -> None:
    await door.done("update_contact", contact_id=contact_id, default_channel="whatsapp")


@pytest.mark.parametrize("change", [opt_out, other_channel])
@pytest.mark.parametrize("tool", ["delete_contact", "send_message"])
async def test_a_record_that_changed_in_between_is_asked_about_anew(
    door: Door, tool: str, change: Callable[[Door, str], Awaitable[None]]
) -> None:
    """Nothing is done, and the new question shows the record as it is."""
    contact_id = await door.contact()
    arguments = await arguments_of(door, tool)
    if tool == "send_message":
        arguments["to"] = [SEEDED, OTHER]
    token = (await door.call(tool, **arguments)).token
    await change(door, contact_id)
    await door.forget()
    for _ in range(2):
        again = await door.done(tool, **arguments, confirmation_token=token)
        assert again["status"] in ("confirmation_required", "expired")
        assert again["message"].startswith(UNDONE[tool])
        assert again["confirmation_token"] != token
    assert await door.changes() == []
    fresh = again["confirmation_token"]
    assert (await door.done(tool, **arguments, confirmation_token=fresh))["status"] == DONE[tool]


async def test_a_stop_that_comes_in_between_is_not_lifted(door: Door) -> None:
    """Somebody opts in, opts out again, and the old approval no longer fits the record."""
    contact = await door.opted_out()
    given = {"contact_id": contact["id"], "opt_out": False}
    token = (await door.call("update_contact", **given)).token
    await door.twice("update_contact", **given)
    unchanged = await door.done("update_contact", **given, confirmation_token=token)
    assert unchanged["status"] == "unchanged"


async def test_a_template_that_changed_in_between_is_asked_about_anew(
    app: Starlette, door: Door
) -> None:
    """Its text may be another one now."""
    arguments = {
        "to": SEEDED,
        "template_name": "order_confirmation",
        "parameters": {"name": "Ada", "order_number": 7},
    }
    token = (await door.call("send_message", **arguments)).token
    app.state.emulator.database.run(
        "UPDATE templates SET updated_at = '2026-11-20T10:00:00.0000000+00:00'"
        " WHERE name = 'order_confirmation'",
        {},
    )
    again = await door.done("send_message", **arguments, confirmation_token=token)
    assert again["status"] == "confirmation_required"
    assert "What was approved has changed since, so this asks again." in again["message"]
    assert await door.changes() == []


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

"""What an approval is bound to: the tool, the arguments as understood, the records shown."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door
from tests.guard.changes import DONE, OTHER, UNDONE, Arguments, arguments_of


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
    again: dict[str, Any] = {}
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

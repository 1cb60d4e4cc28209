"""Once approved: it finishes, it happens at most once, and what is said about it is true."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened, reaching, served

HELLO: dict[str, Any] = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}


async def sends(door: Door) -> list[dict[str, Any]]:
    """The sends so far."""
    return [r for r in await door.log() if r["method"] == "POST"]


async def message_count(door: Door) -> int:
    """How many messages the contact has got."""
    read = await door.done("get_contact", contact_id=await door.contact(), include_summary=True)
    return read["summary"]["message_count"]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_lost_answer_to_a_send_is_asked_for_again_with_the_same_key(
    door: Door, kind: str
) -> None:
    """So there is one message; when it had gone out before, that is said."""
    before = await message_count(door)
    token = (await door.call("send_message", **HELLO)).token
    await door.faults({"match": "POST /v3/messages", "kind": kind})
    sent = await door.done("send_message", **HELLO, confirmation_token=token)
    assert sent["status"] == "accepted"
    assert sent["replayed"] is (kind == "drop_after")
    assert ("had gone out before" in sent["message"]) is (kind == "drop_after")
    keys = [r["idempotency_key"] for r in await sends(door)]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert await message_count(door) == before + 1


async def test_an_answer_that_never_comes_is_an_unknown_outcome(
    app: Starlette, state: Path
) -> None:
    """Not a failure; the same token tells it again and sends nothing."""
    async with opened(app, state, call_timeout=2) as door:
        token = (await door.call("send_message", **HELLO)).token
        await door.faults({"match": "POST /v3/messages", "times": 9, "kind": "drop_after"})
        lost = await door.done("send_message", **HELLO, confirmation_token=token)
        assert lost["status"] == "outcome_unknown"
        assert "It is not known whether the change was done." in lost["message"]
        await door.faults()
        tried = len(await sends(door))
        again = await door.done("send_message", **HELLO, confirmation_token=token)
        assert again["status"] == "outcome_unknown"
        assert "Nothing was done again." in again["message"]
        assert len({r["idempotency_key"] for r in await sends(door)}) == 1
        assert len(await sends(door)) == tried


async def test_a_service_that_was_down_for_a_moment_is_asked_again(door: Door) -> None:
    """SERVICE_001: nothing was executed."""
    token = (await door.call("send_message", **HELLO)).token
    await door.faults(
        {"match": "POST /v3/messages", "kind": "status", "status": 503, "retry_after": 0.01}
    )
    sent = await door.done("send_message", **HELLO, confirmation_token=token)
    assert (sent["status"], sent["replayed"]) == ("accepted", False)


async def test_a_refusal_by_sent_is_told_and_uses_the_token_up(door: Door) -> None:
    """The same token sends nothing any more; a new question is a new send."""
    token = (await door.call("send_message", **HELLO)).token
    await door.faults({"match": "POST /v3/messages", "kind": "status", "status": 422})
    text = await door.refused("send_message", **HELLO, confirmation_token=token)
    assert text.startswith("BUSINESS_006: ")
    assert "Nothing was changed or sent." in text
    again = await door.done("send_message", **HELLO, confirmation_token=token)
    assert again["status"] != "accepted"
    assert len(await sends(door)) == 1
    assert (await door.twice("send_message", **HELLO))["status"] == "accepted"
    assert len({r["idempotency_key"] for r in await sends(door)}) == 2


async def test_a_lost_answer_to_a_deletion_is_settled_by_reading(
    app: Starlette, state: Path
) -> None:
    """It is gone, so it was deleted."""
    async with opened(app, state, call_timeout=2) as door:
        contact_id = await door.contact()
        token = (await door.call("delete_contact", contact_id=contact_id)).token
        await door.faults({"match": "DELETE /v3/contacts", "times": 9, "kind": "drop_after"})
        gone = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert gone["status"] == "deleted"


async def test_one_token_used_many_times_at_once_acts_once(app: Starlette, state: Path) -> None:
    """By two servers on one state file; everybody is told something true."""
    plenty: dict[str, Any] = {"messages_per_minute": 1000, "requests_per_minute": 10000}
    async with (
        served(app) as url,
        reaching(url, state, **plenty) as one,
        reaching(url, state, **plenty) as two,
    ):
        for turn in range(20):
            await one.forget()
            token = (await one.call("send_message", **HELLO)).token
            said: list[str] = []

            async def use(door: Door, token: str, said: list[str]) -> None:
                answer = await door.done("send_message", **HELLO, confirmation_token=token)
                said.append(answer["status"])

            async with anyio.create_task_group() as tasks:
                for door in (one, two, one, two):
                    tasks.start_soon(use, door, token, said)
            assert await one.changes() == ["POST /v3/messages"], turn
            assert set(said) == {"accepted"}

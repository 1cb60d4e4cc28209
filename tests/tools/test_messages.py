"""Messages: what became of them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.door import SEEDED, Door

OTHER = "+14155550103"


async def sent(door: Door, to: object = SEEDED, **what: object) -> list[str]:
    """The ids of the messages of one send."""
    given = what or {"text": "Hi", "channels": "sms"}
    answer = await door.twice("send_message", to=to, **given)
    return [message["message_id"] for message in answer["messages"]]


async def test_a_message_is_followed_until_it_arrives(door: Door) -> None:
    """While it is on its way the next call is to ask again; once final there is none."""
    (message_id,) = await sent(door)
    early = await door.done("get_message", message_ids=[message_id])
    assert early["messages"][0]["outcome"] == "pending"
    assert early["messages"][0]["final"] is False
    assert early["message"].startswith("The message is not delivered yet (")
    assert early["next"] == f'get_message(message_ids=["{message_id}"])'
    await door.advance(5)
    late = await door.call("get_message", message_ids=message_id)
    (state,) = late.data["messages"]
    assert [event["status"] for event in state.pop("events")] == [
        "QUEUED",
        "ROUTED",
        "SENT",
        "DELIVERED",
    ]
    assert state == {
        "message_id": message_id,
        "status": "DELIVERED",
        "outcome": "delivered",
        "final": True,
        "to": SEEDED,
        "channel": "sms",
        "price": 0.0055,
    }
    assert late.data["message"] == "The message was delivered (DELIVERED)."
    assert "next" not in late.data
    assert "price 0.0055" in late.text


async def test_the_last_message_to_a_number_is_found_without_its_id(door: Door) -> None:
    """The newest one sent from here."""
    await sent(door)
    (newest,) = await sent(door, text="Again", channels="sms")
    (state,) = (await door.done("get_message", to="+1 (415) 555-0102"))["messages"]
    assert state["message_id"] == newest


async def test_a_number_nothing_was_sent_to_has_no_last_message(door: Door) -> None:
    """Seeded messages were not sent from here."""
    text = await door.refused("get_message", to=SEEDED)
    assert text.startswith("RESOURCE_003: no message ")
    assert f"sent from here to {SEEDED} in the last 24 hours" in text


async def test_a_message_to_a_channel_the_number_lacks_fails(door: Door) -> None:
    """With the reason and our advice; for an hour Sent may still try another way."""
    (message_id,) = await sent(
        door,
        OTHER,
        template_name="delivery_update",
        parameters={"order_number": "7", "status": "here"},
        channels="whatsapp",
    )
    early = await door.call("get_message", message_ids=message_id)
    (state,) = early.data["messages"]
    assert (state["outcome"], state["reason_code"], state["final"]) == (
        "failed",
        "BUSINESS_007",
        False,
    )
    assert "failed so far" in early.text
    assert "get_contact shows the channels" in early.text
    await door.advance(3601)
    late = await door.done("get_message", message_ids=message_id)
    assert (late["message"], late["messages"][0]["final"]) == (
        "The message was not delivered (FAILED).",
        True,
    )
    assert "next" not in late


async def test_a_text_without_an_open_conversation_is_blocked(door: Door) -> None:
    """WhatsApp takes templates only; that is final at once."""
    (message_id,) = await sent(door, text="Hi", channels="whatsapp")
    (state,) = (await door.done("get_message", message_ids=message_id))["messages"]
    assert (state["status"], state["outcome"], state["final"]) == ("BLOCKED", "failed", True)


async def test_a_message_to_somebody_who_left_before_it_went_is_filtered(door: Door) -> None:
    """The opt-out came after the send was accepted."""
    when = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    (message_id,) = await sent(door, text="Hi", scheduled_at=when)
    await door.done("update_contact", contact_id=await door.contact(), opt_out=True)
    await door.advance(7200)
    (state,) = (await door.done("get_message", message_ids=message_id))["messages"]
    assert (state["status"], state["outcome"], state["reason_code"]) == (
        "FILTERED",
        "failed",
        "BUSINESS_004",
    )


async def test_many_messages_are_counted_by_outcome_and_told_in_order(door: Door) -> None:
    """Above five, the single events are left out; ids Sent does not know are named."""
    numbers = [f"+141555501{index:02d}" for index in range(6)]
    ids = await sent(door, numbers, text="Hi", channels="sms")
    await door.advance(5)
    unknown = "00000000-0000-4000-8000-000000000000"
    told: list[tuple[float, float | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    await door.client.call_tool("get_message", {"message_ids": ids}, progress_callback=listen)
    assert told == [(count, 6) for count in range(1, 7)]
    reply = await door.call("get_message", message_ids=[*ids, unknown, ids[0]])
    assert [state["message_id"] for state in reply.data["messages"]] == ids
    assert reply.data["message"].startswith("6 delivered")
    assert reply.data["missing"] == [unknown]
    assert not any("events" in state for state in reply.data["messages"])
    assert reply.text.splitlines()[-1] == f"unknown to Sent: {unknown}"


async def test_outcomes_of_several_messages_are_added_up(door: Door) -> None:
    """Best first."""
    ids = await sent(door, [SEEDED, OTHER], text="Hi", channels="sms,whatsapp")
    await door.advance(5)
    answer = await door.done("get_message", message_ids=ids)
    assert answer["message"] == "2 delivered, 2 failed."
    assert len(answer["messages"][0]["events"]) == 4


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["00000000-0000-4000-8000-000000000000"], "Sent knows no message with this id."),
        (
            [f"00000000-0000-4000-8000-00000000000{digit}" for digit in range(2)],
            "Sent knows no message with any of these ids.",
        ),
    ],
)
async def test_ids_sent_does_not_know_are_an_error(door: Door, ids: list[str], said: str) -> None:
    """There is nothing to tell."""
    text = await door.refused("get_message", message_ids=ids)
    assert text.startswith(f"RESOURCE_003: {said}")

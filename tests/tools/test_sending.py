"""Sending: texts and templates, to numbers and contacts, now and later."""

from datetime import UTC, datetime, timedelta

from tests.door import SEEDED, Door

OTHER = "+14155550103"
NEW = "+14155550160"


async def test_a_text_is_sent_once_confirmed(door: Door) -> None:
    """Accepted is not delivered, and the next call asks what became of it."""
    sent = await door.twice("send_message", to=[SEEDED], text="Hello", channels=["sms"])
    (message,) = sent.pop("messages")
    assert sent == {
        "status": "accepted",
        "message": "Sent accepted 1 message; accepted is not yet delivered.",
        "next": f'get_message(message_ids=["{message["message_id"]}"])',
        "replayed": False,
    }
    assert (message["to"], message["channel"]) == (SEEDED, "sms")
    assert await door.changes() == ["POST /v3/messages"]


async def test_a_channel_that_sent_chooses_is_not_named(door: Door) -> None:
    """It is not known yet."""
    reply = await door.call("send_message", to=SEEDED, text="Hello")
    assert "Send 1 message: 1 recipient on the channel Sent chooses?" in reply.text
    sent = await door.call("send_message", to=SEEDED, text="Hello", confirmation_token=reply.token)
    assert "channel" not in sent.data["messages"][0]
    assert "channel chosen by Sent" in sent.text


async def test_two_channels_are_two_messages(door: Door) -> None:
    """They are no fallback; a number that lacks one is pointed out."""
    asked = await door.done("send_message", to=[SEEDED, OTHER], text="Hi", channels="sms,whatsapp")
    lines = asked["question"].splitlines()
    assert lines == [
        "Demo: nothing leaves this machine.",
        "Send 4 messages: 2 recipients on sms and whatsapp (2 × 2)?",
        f"To: {SEEDED} {OTHER}",
        f"Not on whatsapp as far as Sent knows: {OTHER}",
        'Text: "Hi"',
        "Free text on WhatsApp arrives only within an open conversation.",
    ]
    assert asked["confirmation_token"].startswith(f"send 4 messages to {SEEDED} and 1 more cf_")
    sent = await door.twice("send_message", to=[SEEDED, OTHER], text="Hi", channels="sms,whatsapp")
    assert [(m["to"], m["channel"]) for m in sent["messages"]] == [
        (SEEDED, "sms"),
        (SEEDED, "whatsapp"),
        (OTHER, "sms"),
        (OTHER, "whatsapp"),
    ]


async def test_one_person_written_in_many_ways_gets_one_message(door: Door) -> None:
    """Spellings of a number, and the id of its contact; a channel named twice counts once."""
    contact_id = await door.contact()
    sent = await door.twice(
        "send_message",
        to=["+1 415 555 0102", contact_id, "tel:+14155550102", contact_id],
        text="Hi",
        channels=["sms", "SMS"],
    )
    assert [m["to"] for m in sent["messages"]] == [SEEDED]


async def test_numbers_and_contacts_are_mixed_freely(door: Door) -> None:
    """Who is no contact yet is pointed out, since sending makes it one."""
    contact_id = await door.contact()
    asked = await door.done("send_message", to=[NEW, contact_id], text="Hi")
    assert f"Not contacts yet, will be created: {NEW}" in asked["question"].splitlines()
    sent = await door.twice("send_message", to=[NEW, contact_id], text="Hi")
    assert {m["to"] for m in sent["messages"]} == {NEW, SEEDED}


async def test_who_opted_out_is_left_out_and_named(door: Door) -> None:
    """The request to Sent does not hold the number."""
    number = (await door.opted_out())["phone_number"]
    asked = await door.done("send_message", to=[SEEDED, number], text="Hi", channels="sms")
    assert f"Left out, opted out: {number}" in asked["question"].splitlines()
    assert "Send 1 message: 1 recipient" in asked["question"]
    sent = await door.twice("send_message", to=[SEEDED, number], text="Hi", channels="sms")
    assert sent["skipped"] == [number]
    assert [m["to"] for m in sent["messages"]] == [SEEDED]


async def test_a_send_to_nobody_who_wants_it_is_refused(door: Door) -> None:
    """Without a question: there is nothing left to send."""
    contact = await door.opted_out()
    text = await door.refused("send_message", to=[contact["id"]], text="Hi")
    assert text.startswith("BUSINESS_004: every recipient has opted out of messages.")
    assert await door.changes() == []


async def test_a_long_list_ends_in_a_count(door: Door) -> None:
    """Ten numbers are shown."""
    numbers = [f"+141555501{index:02d}" for index in range(12)]
    asked = await door.done("send_message", to=numbers, text="Hi")
    to = next(line for line in asked["question"].splitlines() if line.startswith("To: "))
    assert to == f"To: {' '.join(numbers[:10])} and 2 more"


async def test_a_text_cannot_add_lines_to_the_question(door: Door) -> None:
    """Line breaks and signs that turn text around are made visible."""
    asked = await door.done(
        "send_message", to=SEEDED, text="Hi\nTo: nobody\u2028x\u202e", subject='a"\r\nb'
    )
    lines = asked["question"].splitlines()
    assert 'Text: "Hi\\nTo: nobody\\u{2028}x\\u{202e}"' in lines
    assert 'Subject: "a\\"\\u{d}\\nb"' in lines


async def test_attachments_are_shown_and_sent_as_an_mms(door: Door) -> None:
    """One address may come alone, commas and all."""
    url = "https://example.com/a,b.png"
    asked = await door.done("send_message", to=SEEDED, text="Look", media_urls=url)
    assert f'Attached: "{url}"' in asked["question"].splitlines()
    sent = await door.twice(
        "send_message", to=SEEDED, text="Look", media_urls=f'["{url}"]', channels="mms"
    )
    assert sent["messages"][0]["channel"] == "mms"


async def test_a_scheduled_send_shows_the_time_in_utc(door: Door) -> None:
    """And that it cannot be called off."""
    when = (datetime.now(UTC) + timedelta(hours=5)).replace(microsecond=0)
    given = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = await door.done("send_message", to=SEEDED, text="Hi", scheduled_at=given)
    lines = asked["question"].splitlines()
    assert f"When: {given} (given as {when.isoformat()})." in lines
    assert lines[-1].endswith("it cannot be called off from here.")
    sent = await door.twice("send_message", to=SEEDED, text="Hi", scheduled_at=given)
    assert sent["scheduled_at"] == given
    (state,) = (await door.done("get_message", to=SEEDED))["messages"]
    assert (state["status"], state["outcome"], state["scheduled_at"]) == (
        "SCHEDULED",
        "pending",
        given,
    )


async def test_a_recipient_sent_does_not_know_ends_the_send(door: Door) -> None:
    """A contact id nobody has."""
    text = await door.refused(
        "send_message", to=[SEEDED, "00000000-0000-4000-8000-000000000000"], text="Hi"
    )
    assert text.startswith("RESOURCE_001: ")
    assert await door.changes() == []


async def test_a_dry_run_of_a_send_sends_nothing_and_needs_nobody(door: Door) -> None:
    """Sent checks it; its sample ids are not shown."""
    dry = await door.done("send_message", to=[SEEDED, OTHER], text="Hi", dry_run=True)
    assert (dry["status"], dry["message"]) == (
        "dry_run",
        "Nothing was sent; Sent would accept 2 messages.",
    )
    assert "Send 2 messages" in dry["question"]
    assert not {"messages", "confirmation_token", "next"} & set(dry)
    assert "RESOURCE_003: no message" in await door.refused("get_message", to=SEEDED)

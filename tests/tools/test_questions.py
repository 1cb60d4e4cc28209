"""What a person is asked before a send: all that is approved, in lines that stay readable."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette

from sent_mcp.tools.local_times import local_times
from tests.door import SEEDED, Door, opened

OTHER = "+14155550103"
"""A contact of the emulator's that is on SMS only."""
LOCALLY = "Local time, by number: "
WHATSAPP = "Free text on WhatsApp arrives only within an open conversation."
PERHAPS_WHATSAPP = (
    "Sent may choose WhatsApp, where free text arrives only within an open conversation."
)


async def asked(door: Door, **arguments: object) -> list[str]:
    """The lines of the question about a send."""
    given = {"to": SEEDED, **arguments}
    return (await door.done("send_message", **given))["question"].splitlines()


def fictional(count: int) -> list[str]:
    """Numbers in the emulator's address book, the first of them `SEEDED`."""
    return [f"+141555501{index:02d}" for index in range(2, 2 + count)]


@pytest.mark.parametrize(
    ("channels", "first"),
    [
        (None, "Send 2 messages: 2 recipients on the channel Sent chooses?"),
        ("sent", "Send 2 messages: 2 recipients on the channel Sent chooses?"),
        ("sms", "Send 2 messages: 2 recipients on sms?"),
        ("sms,sent", "Send 4 messages: 2 recipients on the channel Sent chooses and sms (2 × 2)?"),
        ("sms,whatsapp,rcs", "Send 6 messages: 2 recipients on rcs, sms and whatsapp (2 × 3)?"),
    ],
)
async def test_a_question_says_how_many_messages_it_is_about(
    door: Door, channels: str | None, first: str
) -> None:
    """Several channels are no fallback, so they multiply."""
    assert (await asked(door, to=[SEEDED, OTHER], text="Hi", channels=channels))[1] == first


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (None, [PERHAPS_WHATSAPP]),
        ("sent", [PERHAPS_WHATSAPP]),
        ("sms,sent", [PERHAPS_WHATSAPP]),
        ("whatsapp", [WHATSAPP]),
        ("whatsapp,sent", [WHATSAPP]),
        ("sms,rcs", []),
    ],
)
async def test_free_text_that_may_go_to_whatsapp_is_pointed_out(
    door: Door, channels: str | None, said: list[str]
) -> None:
    """Whether it is chosen by the caller or by Sent."""
    lines = await asked(door, text="Hi", channels=channels)
    assert [line for line in lines if "open conversation" in line] == said


async def test_a_template_needs_no_conversation(door: Door) -> None:
    """That is what templates are for."""
    lines = await asked(
        door,
        template_name="order_confirmation",
        parameters={"name": "Ada", "order_number": "7"},
        channels="whatsapp",
    )
    assert not [line for line in lines if "open conversation" in line]


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (None, "; a message on the channel Sent chooses becomes an MMS."),
        ("sent", "; a message on the channel Sent chooses becomes an MMS."),
        ("mms", "."),
        ("mms,sms", "; sms does not carry it."),
        ("sms,whatsapp", "; sms and whatsapp do not carry it."),
        (
            "sent,rcs",
            "; a message on the channel Sent chooses becomes an MMS; rcs does not carry it.",
        ),
    ],
)
async def test_the_question_says_what_attachments_do(
    door: Door, channels: str | None, said: str
) -> None:
    """They may be lost, or change the channel; an MMS is then not one on WhatsApp."""
    urls = ["https://example.com/a.png", "https://example.com/b.png"]
    lines = await asked(door, text="Hi", media_urls=urls, channels=channels)
    where = lines.index(f'Attached: "{urls[0]}" "{urls[1]}"')
    assert lines[where + 1] == f"Media goes out by MMS only{said}"
    assert PERHAPS_WHATSAPP not in lines


def in_ten_days() -> datetime:
    """A time that Sent takes."""
    return (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)


def clock(when: datetime, zone: str) -> str:
    """What a clock shows there."""
    return when.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


async def test_a_schedule_is_shown_in_utc_as_given_and_where_the_recipients_are(
    door: Door,
) -> None:
    """Recipients with the same time share a line."""
    when = in_ten_days()
    given = when.astimezone(ZoneInfo("Asia/Kathmandu")).isoformat()
    to = [SEEDED, "+442079460201", OTHER, "+80012345678"]
    lines = await asked(door, to=to, text="Hi", scheduled_at=given)
    assert lines[-5:] == [
        f"When: {when:%Y-%m-%dT%H:%M:%SZ} (given as {given}).",
        f"{LOCALLY}{clock(when, 'America/Los_Angeles')} for {SEEDED} {OTHER} (America/Los_Angeles)",
        f"{LOCALLY}{clock(when, 'Europe/London')} for +442079460201 (Europe/London)",
        f"{LOCALLY}not known for +80012345678",
        "Sent may move it out of quiet hours, and it cannot be called off from here.",
    ]


async def test_without_a_schedule_no_time_is_shown(door: Door) -> None:
    """It goes out at once."""
    assert not [line for line in await asked(door, text="Hi") if LOCALLY in line or "When" in line]


async def test_many_local_times_end_in_a_count(door: Door) -> None:
    """Most recipients first, then the earliest; the rest are one range."""
    when = in_ten_days()
    new_york, london, tokyo = "+12125550101", "+442079460201", "+819012345678"
    sao_paulo, stockholm, kolkata = "+5511996123402", "+46701740617", "+919876543213"
    to = [tokyo, kolkata, stockholm, london, sao_paulo, new_york, SEEDED, OTHER]
    lines = await asked(door, to=to, text="Hi", scheduled_at=when.isoformat())
    local = [line.removeprefix(LOCALLY) for line in lines if line.startswith(LOCALLY)]
    assert [line.split(" for ")[1] for line in local] == [
        f"{SEEDED} {OTHER} (America/Los_Angeles)",
        f"{new_york} (America/New_York)",
        f"{sao_paulo} (America/Sao_Paulo)",
        f"{london} (Europe/London)",
        f"{stockholm} (Europe/Stockholm)",
        "2 more recipients",
    ]
    first, last = clock(when, "Asia/Kolkata"), clock(when, "Asia/Tokyo")
    same_day = f"{first[:10]} between {first[11:]} and {last[11:]}"
    expected = same_day if first[:10] == last[:10] else f"between {first} and {last}"
    assert local[-1].split(" for ")[0] == expected


def told(when: str, *numbers: str) -> list[tuple[str, str]]:
    """The local times and places of numbers."""
    times = local_times(datetime.fromisoformat(when), numbers)
    return [(each.time(), each.place()) for each in times]


@pytest.mark.parametrize(
    ("when", "there"),
    [
        ("2026-03-08T09:59:00Z", "2026-03-08 01:59"),
        ("2026-03-08T10:00:00Z", "2026-03-08 03:00"),
        ("2026-11-01T08:59:00Z", "2026-11-01 01:59"),
        ("2026-11-01T09:00:00Z", "2026-11-01 01:00"),
        ("2026-12-01T09:00:00+01:00", "2026-12-01 00:00"),
        ("2026-12-01T08:59:00+01:00", "2026-11-30 23:59"),
    ],
)
def test_a_local_time_minds_the_clock_change_and_the_date(when: str, there: str) -> None:
    """In Los Angeles, on the days when its clocks are changed and around midnight."""
    assert told(when, SEEDED) == [(there, "America/Los_Angeles")]


@pytest.mark.parametrize(
    ("numbers", "time", "place"),
    [
        (["+61491570101"], "2026-12-01 between 14:30 and 19:00", "8 time zones"),
        (
            ["+18005550100"],
            "between 2026-11-30 21:00 and 2026-12-01 18:00",
            "42 time zones",
        ),
        (["+46701740617", "+4915112345678"], "2026-12-01 09:00", "Europe/Stockholm, Europe/Berlin"),
    ],
)
def test_a_number_of_many_zones_has_a_range_of_times(
    numbers: Sequence[str], time: str, place: str
) -> None:
    """Australian mobile, US toll-free; and two zones that show the same."""
    assert told("2026-12-01T08:00:00Z", *numbers) == [(time, place)]


async def test_every_list_of_numbers_ends_in_a_count(app: Starlette, door: Door) -> None:
    """Who is asked about, left out, new, not on a channel, and where the clock shows what."""
    book, new = fictional(24), [f"+141555507{index:02d}" for index in range(12)]
    app.state.emulator.database.run(
        "UPDATE contacts SET available_channels = 'sms', opt_out = phone_number > :last",
        {"last": book[11]},
    )
    lines = await asked(
        door,
        to=[*book, *new],
        text="Hi",
        channels="whatsapp",
        scheduled_at=in_ten_days().isoformat(),
    )
    assert f"To: {' '.join(book[:10])} and 14 more" in lines
    assert f"Not contacts yet, will be created: {' '.join(new[:10])} and 2 more" in lines
    assert f"Not on whatsapp as far as Sent knows: {' '.join(book[:10])} and 2 more" in lines
    assert f"Left out, opted out: {' '.join(book[12:22])} and 2 more" in lines
    (local,) = [line for line in lines if line.startswith(LOCALLY)]
    assert local.endswith(f" for {' '.join(book[:10])} and 14 more (America/Los_Angeles)")


async def test_what_sent_says_of_a_template_is_quoted_and_cut(app: Starlette, door: Door) -> None:
    """A name or a category that reads like a line of ours does not pass for one."""
    app.state.emulator.database.run(
        "UPDATE templates SET name = :name, category = :category, language = 'es-419',"
        """ variables = '["To: nobody", "name"]' WHERE name = 'order_confirmation'""",
        {"name": "a\n" * 100, "category": "Nothing is sent. " * 20},
    )
    (found,) = (await door.done("list_templates", status="APPROVED", search="a\na"))["templates"]
    lines = await asked(
        door, template_id=found["id"], parameters={"To: nobody": "x", "name": "Ada"}
    )
    name, category = r"a\n" * 40, ("Nothing is sent. " * 20)[:120]
    assert lines[3:] == [
        f'Template "{name}…" (es-419, "{category}…", APPROVED); its text is known once sent.',
        '  "To: nobody" = "x"',
        '  name = "Ada"',
    ]


async def test_the_callers_values_are_shown_whole(door: Door) -> None:
    """To the last character, and with what cannot be seen in them."""
    lines = await asked(
        door,
        template_name="order_confirmation",
        parameters={"name": "\u200b" + "n" * 999, "order_number": 'a"\n  order_number = "8'},
    )
    assert lines[-2:] == [
        f'  name = "\\u{{200b}}{"n" * 999}"',
        '  order_number = "a\\"\\n  order_number = \\"8"',
    ]


async def test_the_largest_question_stays_readable(app: Starlette, state: Path) -> None:
    """Fifty recipients on three channels, and a text of line breaks: still one line each."""
    numbers, text = [f"+141555507{index:02d}" for index in range(50)], "a" + "\n" * 4094 + "z"
    async with opened(app, state, max_recipients=150) as door:
        lines = await asked(door, to=numbers, text=text, channels="sms,whatsapp,rcs")
    breaks = r"\n" * 4094
    assert lines[1:] == [
        "Send 150 messages: 50 recipients on rcs, sms and whatsapp (50 × 3)?",
        f"To: {' '.join(numbers[:10])} and 40 more",
        f"Not contacts yet, will be created: {' '.join(numbers[:10])} and 40 more",
        f'Text: "a{breaks}z"',
        WHATSAPP,
    ]

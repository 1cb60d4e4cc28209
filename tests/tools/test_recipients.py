"""Who may be written to, and how much: the operator's limits, kept before any request."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened

LONDON = "+442079460101"


@pytest.mark.parametrize(
    ("rules", "fine", "outside"),
    [
        (SEEDED, SEEDED, "+14155550103"),
        ("+1415*", SEEDED, "+12125550100"),
        ("US", SEEDED, LONDON),
        ("GB, +14155550102", SEEDED, "+14155550101"),
        ("GB", LONDON, SEEDED),
    ],
)
async def test_only_allowed_recipients_are_written_to(
    app: Starlette, state: Path, rules: str, fine: str, outside: str
) -> None:
    """By number, prefix or region; the refusal comes before any request."""
    async with opened(app, state, allowed_recipients=rules) as door:
        text = await door.refused("send_message", to=[fine, outside], text="Hi")
        assert text.startswith(f"NOT_ALLOWED: sending to {outside} is not allowed here")
        assert f"(SENT_MCP_ALLOWED_RECIPIENTS: {', '.join(rules.split(', '))})" in text
        assert await door.log() == []
        assert (await door.twice("send_message", to=fine, text="Hi"))["status"] == "accepted"


async def test_a_contact_id_is_no_way_around_the_allowed_recipients(
    app: Starlette, state: Path
) -> None:
    """Its number is read first, and nothing is sent; a list of many names the first five."""
    async with opened(app, state, allowed_recipients="GB") as door:
        text = await door.refused("send_message", to=[await door.contact()], text="Hi")
        assert f"sending to {SEEDED} is not allowed" in text
        many = [f"+141555501{index:02d}" for index in range(7)]
        assert " … is not allowed" in await door.refused("send_message", to=many, text="Hi")
        assert await door.changes() == []


async def test_a_dry_run_goes_to_allowed_recipients_too(app: Starlette, state: Path) -> None:
    """The same call would be refused in earnest."""
    async with opened(app, state, allowed_recipients="GB") as door:
        text = await door.refused("send_message", to=SEEDED, text="Hi", dry_run=True)
    assert text.startswith("NOT_ALLOWED: ")


async def test_a_send_has_a_largest_size_in_messages(app: Starlette, state: Path) -> None:
    """Recipients times channels, duplicates not counted."""
    async with opened(app, state, max_recipients=3) as door:
        text = await door.refused(
            "send_message", to=[SEEDED, "+14155550103"], text="Hi", channels="sms,whatsapp"
        )
        assert "4 messages (recipients × channels: 2 × 2), and one send may have 3" in text
        assert "SENT_MCP_MAX_RECIPIENTS" in text
        assert await door.log() == []
        spellings = [SEEDED, "+1 415 555 0102", "0014155550102", "tel:+14155550102"]
        assert (await door.twice("send_message", to=spellings, text="Hi"))["status"] == "accepted"


async def test_a_day_has_a_largest_number_of_messages(app: Starlette, state: Path) -> None:
    """Nobody is asked about more; what was refused does not count."""
    async with opened(app, state, messages_per_day=3) as door:
        two = [SEEDED, "+14155550103"]
        first = await door.call("send_message", to=two, text="2")
        assert (await door.twice("send_message", to=two, text="1"))["status"] == "accepted"
        text = await door.refused("send_message", to=two, text="3")
        assert text.startswith("DAILY_LIMIT: more than 3 messages would go out within 24 hours")
        text = await door.refused("send_message", to=two, text="2", confirmation_token=first.token)
        assert text.startswith("DAILY_LIMIT: more than 3 messages would go out within 24 hours")
        assert "Nothing was changed or sent." in text
        assert (await door.twice("send_message", to=SEEDED, text="3"))["status"] == "accepted"
        assert await door.changes() == ["POST /v3/messages"] * 2


async def test_a_send_that_sent_refuses_is_not_counted(app: Starlette, state: Path) -> None:
    """It certainly did not go out."""
    async with opened(app, state, messages_per_day=1) as door:
        await door.faults({"match": "POST /v3/messages", "kind": "status", "status": 422})
        first = await door.call("send_message", to=SEEDED, text="Hi")
        text = await door.refused(
            "send_message", to=SEEDED, text="Hi", confirmation_token=first.token
        )
        assert "Nothing was changed or sent." in text
        assert (await door.twice("send_message", to=SEEDED, text="Hi"))["status"] == "accepted"


async def test_a_limit_of_none_a_day_stops_every_send(app: Starlette, state: Path) -> None:
    """Also where nobody is asked."""
    async with opened(app, state, messages_per_day=0, confirm="off") as door:
        assert (await door.refused("send_message", to=SEEDED, text="Hi")).startswith("DAILY_LIMIT")
        assert await door.changes() == []


async def test_numbers_of_the_set_region_need_no_country_code(app: Starlette, state: Path) -> None:
    """In every argument that takes a number."""
    async with opened(app, state, default_region="US") as door:
        found = await door.done("find_contact_by_phone", phone_number="(415) 555-0102")
        assert found["phone_number"] == SEEDED
        asked = await door.done("send_message", to=["415.555.0102", 4155550103], text="Hi")
        assert f"To: {SEEDED} +14155550103" in asked["question"]


async def test_every_change_is_a_dry_run_where_the_operator_says_so(
    app: Starlette, state: Path
) -> None:
    """Whatever the call says."""
    async with opened(app, state, dry_run=True) as door:
        contact_id = await door.contact()
        calls: list[tuple[str, dict[str, Any]]] = [
            ("send_message", {"to": SEEDED, "text": "Hi"}),
            ("delete_contact", {"contact_id": contact_id}),
            ("update_contact", {"contact_id": contact_id, "opt_out": True}),
            ("create_contact", {"phone_number": "+14155550160"}),
        ]
        for tool, arguments in calls:
            answer = await door.done(tool, **arguments, dry_run=False)
            assert answer["status"] == "dry_run", tool
        assert (await door.done("get_contact", contact_id=contact_id))["contact"][
            "opt_out"
        ] is False
        assert not [change for change in await door.changes() if change.startswith("DELETE")]


async def test_one_door_shares_nothing_with_another(door: Door) -> None:
    """Limits belong to their server."""
    asked = await door.done("send_message", to=LONDON, text="Hi")
    assert asked["status"] == "confirmation_required"

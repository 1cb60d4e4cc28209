"""Contacts in pages, as Sent has them and through our own filters."""

from pathlib import Path
from typing import Any

import pytest

from sent_mcp.emulator import create_app
from tests.door import Door, opened


async def everything(door: Door, **filters: object) -> list[dict[str, Any]]:
    """All contacts a filter lets through, page after page."""
    found: list[dict[str, Any]] = []
    page: int | None = 1
    while page is not None:
        answer = await door.done("list_contacts", page=page, **filters)
        found += answer["contacts"]
        page = answer.get("next_page") or (answer["page"] + 1 if answer["has_more"] else None)
    return found


async def test_a_page_of_contacts_names_the_next_call(door: Door) -> None:
    """The page is as Sent has it."""
    reply = await door.call("list_contacts", page_size=2, search="+1415555010")
    first, second = reply.data.pop("contacts")
    assert reply.data == {
        "message": "2 of 10 contacts, page 1 of 5.",
        "next": 'list_contacts(page=2, page_size=2, search="+1415555010")',
        "page": 1,
        "page_size": 2,
        "total_count": 10,
        "total_pages": 5,
        "has_more": True,
    }
    assert set(first) == {"id", "phone_number", "available_channels", "default_channel", "opt_out"}
    assert second["phone_number"].startswith("+1415555010")
    lines = reply.text.splitlines()
    assert lines[1] == "id phone_number available_channels default_channel opt_out"
    assert lines[2].split()[:2] == [first["id"], first["phone_number"]]
    assert lines[-1] == f"Next: {reply.data['next']}"


async def test_the_pages_hold_every_contact_once_and_end(door: Door) -> None:
    """The last page names no next call."""
    found = await everything(door, page_size=40)
    assert len({contact["id"] for contact in found}) == len(found) == 150
    last = await door.done("list_contacts", page=8)
    assert "next" not in last
    assert last["has_more"] is False


async def test_a_page_beyond_the_end_is_empty(door: Door) -> None:
    """That is an answer, not an error."""
    reply = await door.call("list_contacts", page=999)
    assert reply.data["contacts"] == []
    assert reply.text == "There is no page 999; the last is 8."


@pytest.mark.parametrize("page_size", [1, 20, 100])
@pytest.mark.parametrize(
    ("reach", "channels", "count"),
    [
        ("sms_only", (True, False), 74),
        ("whatsapp_only", (False, True), 2),
        ("both", (True, True), 71),
        ("unknown", (False, False), 3),
    ],
)
async def test_reach_loses_no_contact_between_pages(
    door: Door, reach: str, channels: tuple[bool, bool], count: int, page_size: int
) -> None:
    """The union over next_page is the exact set."""
    everyone = await everything(door, page_size=100)
    found = await everything(door, page_size=page_size, reach=reach)
    expected = {
        contact["id"]
        for contact in everyone
        if tuple(name in contact["available_channels"] for name in ("sms", "whatsapp")) == channels
    }
    assert {contact["id"] for contact in found} == expected
    assert len(found) == len(expected) == count


@pytest.mark.parametrize(("opt_out", "count"), [(True, 9), (False, 141)])
async def test_opt_out_loses_no_contact_between_pages(
    door: Door, opt_out: bool, count: int
) -> None:
    """Nine of the seeds have opted out."""
    found = await everything(door, page_size=3, opt_out=opt_out)
    assert len({contact["id"] for contact in found}) == len(found) == count
    assert all(contact["opt_out"] is opt_out for contact in found)


async def test_a_filter_reads_no_more_pages_than_it_needs(state: Path) -> None:
    """It says how much it read, and where to go on with all filters."""
    async with opened(create_app(contacts=350), state) as door:
        answer = await door.done(
            "list_contacts", page=2, page_size=5, reach="both", channel="sms", opt_out=False
        )
        assert len(await door.log()) == 1
    assert (answer["page"], answer["page_size"], answer["scanned"]) == (2, 100, 100)
    assert (answer["complete"], answer["has_more"], answer["next_page"]) == (False, True, 3)
    assert answer["next"] == (
        'list_contacts(page=3, page_size=5, reach="both", opt_out=false, channel="sms")'
    )
    assert answer["message"].endswith("Page 3 goes on.")


async def test_a_filter_at_the_end_says_it_is_complete(door: Door) -> None:
    """Three seeds have no known channels."""
    answer = await door.done("list_contacts", reach="unknown")
    assert (answer["scanned"], answer["complete"]) == (150, True)
    assert answer["message"] == "3 of the 150 contacts read match; there are 150 in all."
    assert "next" not in answer
    assert "next_page" not in answer


async def test_progress_is_told_while_pages_are_read(door: Door) -> None:
    """A filter may take a while."""
    told: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    await door.client.call_tool("list_contacts", {"reach": "unknown"}, progress_callback=listen)
    assert told == [(1, 2, "pages read"), (2, 2, "pages read")]

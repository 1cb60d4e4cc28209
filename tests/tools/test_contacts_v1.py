"""The legacy API: two reads, pages counted from one."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened


@pytest.fixture
async def legacy(app: Starlette, state: Path) -> AsyncGenerator[Door]:
    async with opened(
        app, state, api_version="v1", sender_id="00000000-0000-4000-8000-000000000000"
    ) as door:
        yield door


async def test_the_first_page_is_page_one(legacy: Door) -> None:
    """It is 0 on the wire."""
    listed = await legacy.done("list_contacts", page="1", page_size=3)
    assert (listed["page"], len(listed["contacts"]), listed["has_more"]) == (1, 3, True)
    assert listed["next"] == "list_contacts(page=2, page_size=3)"
    assert listed["contacts"][0]["phone_number"].startswith("+")
    following = await legacy.done("list_contacts", page=2, page_size=3)
    assert following["contacts"][0]["id"] != listed["contacts"][0]["id"]
    assert [r["query"] for r in await legacy.log()] == ["page=0&pageSize=3", "page=1&pageSize=3"]


async def test_the_pages_hold_every_contact_once(legacy: Door) -> None:
    """Up to the end."""
    ids: list[str] = []
    for page in (1, 2):
        listed = await legacy.done("list_contacts", page=page, page_size=100)
        ids += [contact["id"] for contact in listed["contacts"]]
    assert len(set(ids)) == len(ids) == 150
    assert "next" not in listed


@pytest.mark.parametrize(("number", "whatsapp"), [(SEEDED, "yes"), ("+14155550101", "unknown")])
async def test_a_channel_is_never_a_no(legacy: Door, number: str, whatsapp: str) -> None:
    """This API tells no dates, so nobody knows how old a record is."""
    found = await legacy.done("find_contact_by_phone", phone_number=number)
    assert (found["found"], found["whatsapp"], found["sms"]) == (True, whatsapp, "yes")
    assert "record_date" not in found


async def test_a_number_that_is_no_contact_is_unknown(legacy: Door) -> None:
    """As everywhere."""
    found = await legacy.done("find_contact_by_phone", phone_number="+14155550160")
    assert (found["found"], found["whatsapp"], found["sms"]) == (False, "unknown", "unknown")


@pytest.mark.parametrize("name", ["search", "channel", "reach", "opt_out"])
async def test_a_filter_this_api_lacks_is_refused(legacy: Door, name: str) -> None:
    """Ignoring it would show the wrong contacts."""
    text = await legacy.refused("list_contacts", **{name: "1"})
    assert f"{name}: there is no such argument" in text
    assert await legacy.log() == []


async def test_bad_pages_are_refused_before_any_request(legacy: Door) -> None:
    """Page 0 exists on the wire only."""
    assert "page: should be" in await legacy.refused("list_contacts", page=0)
    assert await legacy.log() == []

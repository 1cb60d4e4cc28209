"""check_phone_numbers: every number of a list once, in the group where it belongs."""

import json
import re
from pathlib import Path
from typing import Any

import mcp_types as mcp
import pytest
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from tests.door import Door, opened

CONTACTS = [f"+141555501{n:02}" for n in range(50)]
STRANGERS = [f"+1415555{n:04}" for n in range(150, 200)]
MORE_STRANGERS = [f"+44791112{n:04}" for n in range(2_000)]
GROUPS = ("whatsapp", "sms_only", "other", "unknown")
# What o200k_base divides a text into before it looks words up; digits go in groups of three.
TOKENS = re.compile(r"\d{1,3}|[^\W\d_]+|[^\w\s]+")


async def checked(door: Door, numbers: list[Any], **more: object) -> dict[str, Any]:
    """The result of a check whose counts add up and whose requests are all told."""
    await door.forget()
    result = await door.done("check_phone_numbers", phone_numbers=numbers, **more)
    counts = result["counts"]
    parts = ("duplicates", *GROUPS, "invalid", "not_checked")
    assert counts["input"] == sum(counts.get(name, 0) for name in parts)
    assert {name: len(result[name]) for name in GROUPS} == {name: counts[name] for name in GROUPS}
    assert counts["not_contacts"] <= counts["unknown"]
    assert set(result["opted_out"]) <= {each for name in GROUPS for each in result[name]}
    assert len(result["not_checked"]) == counts.get("not_checked", 0)
    assert result["complete"] == (not result["not_checked"]) == ("not_checked" not in counts)
    assert result["requests_used"] == len(await door.log())
    return result


async def everyone(door: Door, **filters: object) -> list[str]:
    """The numbers of all contacts that a filter lets through."""
    found: list[str] = []
    page: int | None = 1
    while page is not None:
        answer = await door.done("list_contacts", page=page, page_size=100, **filters)
        found += [contact["phone_number"] for contact in answer["contacts"]]
        page = answer.get("next_page") or (answer["page"] + 1 if answer["has_more"] else None)
    return found


async def test_a_list_is_grouped_by_what_is_known(door: Door) -> None:
    """Each number once; a stranger is unknown, never a no."""
    result = await checked(door, [*CONTACTS, *STRANGERS])
    assert result["whatsapp"] == CONTACTS[::2]
    assert result["sms_only"] == CONTACTS[1::2]
    assert (result["other"], result["unknown"]) == ([], STRANGERS)
    assert result["counts"]["not_contacts"] == 50
    assert result["complete"] is True
    assert result["requests_used"] == 2
    assert "results" not in result
    assert "next" not in result


async def test_every_contact_is_in_the_group_of_its_channels(door: Door) -> None:
    """Those of unknown channels, those without SMS and those who opted out, too."""
    result = await checked(door, await everyone(door))
    for group, reach in (("sms_only", "sms_only"), ("unknown", "unknown")):
        assert set(result[group]) == set(await everyone(door, reach=reach))
    only = await everyone(door, reach="whatsapp_only")
    both = await everyone(door, reach="both")
    assert set(result["whatsapp"]) == {*only, *both}
    assert set(result["opted_out"]) == set(await everyone(door, opt_out=True))
    assert result["counts"]["not_contacts"] == 0


async def test_a_short_list_names_the_contacts(door: Door) -> None:
    """Up to fifty, in the order given; the text does without their ids."""
    (only, *_) = await everyone(door, reach="whatsapp_only")
    numbers = [STRANGERS[0], CONTACTS[1], only, CONTACTS[0]]
    result = await checked(door, numbers)
    assert [
        (row["phone_number"], row["whatsapp"], row["sms"], "contact_id" in row)
        for row in result["results"]
    ] == [
        (STRANGERS[0], "unknown", "unknown", False),
        (CONTACTS[1], "no", "yes", True),
        (only, "yes", "no", True),
        (CONTACTS[0], "yes", "yes", True),
    ]
    assert result["results"][1]["contact_id"] == await door.contact(CONTACTS[1])
    assert len((await checked(door, CONTACTS))["results"]) == 50
    assert "results" not in await checked(door, [*CONTACTS, STRANGERS[0]])


async def test_the_text_tells_each_number_once_and_all_that_is_known_of_it(door: Door) -> None:
    """A host that shows no structure loses nothing but ids."""
    (only, *_) = await everyone(door, reach="whatsapp_only")
    gone = (await door.opted_out())["phone_number"]
    (dark, *_) = await everyone(door, reach="unknown")
    numbers = [CONTACTS[0], CONTACTS[2], CONTACTS[1], only, gone, dark, STRANGERS[0], "0171"]
    reply = await door.call("check_phone_numbers", phone_numbers=numbers)
    lines = reply.text.splitlines()
    channel = "On WhatsApp" if gone in reply.data["whatsapp"] else "SMS only"
    assert f"On WhatsApp (2): {CONTACTS[0]} {CONTACTS[2]}" in lines
    assert f"SMS only (1): {CONTACTS[1]}" in lines
    assert f"On WhatsApp, not on SMS (1): {only}" in lines
    assert f"{channel}, opted out (1): {gone}" in lines
    assert f"Unknown, no channel is known (1): {dark}" in lines
    assert f"Unknown, not contacts (1): {STRANGERS[0]}" in lines
    assert 'Invalid, has no country code (1): "0171"' in lines
    assert lines[-1] == f"As of {reply.data['as_of']}; {reply.data['requests_used']} requests."
    for number in numbers:
        assert reply.text.count(number) == 1
    assert f"8 numbers: {len(reply.data['whatsapp'])} on WhatsApp, " in lines[0]


async def test_one_number_takes_one_request(door: Door) -> None:
    """Whoever it is."""
    for number in (CONTACTS[0], STRANGERS[0]):
        result = await checked(door, [number])
        assert result["requests_used"] == 1
    assert result["unknown"] == [STRANGERS[0]]
    assert "1 request." in (await door.call("check_phone_numbers", phone_numbers=[number])).text


@pytest.mark.parametrize("count", [2, 3, 5, 50, 1_000])
async def test_a_list_takes_no_more_requests_than_pages_or_numbers(state: Path, count: int) -> None:
    """A thousand strangers take one walk through the address book."""
    async with opened(create_app(contacts=350), state) as door:
        result = await checked(door, MORE_STRANGERS[:count])
    assert result["requests_used"] <= min(count + 1, 4)
    assert result["counts"]["not_contacts"] == count


@pytest.mark.parametrize(("number", "later"), [("+14155550161", "no"), ("+14155550160", "yes")])
async def test_a_contact_is_never_a_no_in_its_first_minute(
    door: Door, number: str, later: str
) -> None:
    """The next call asks for it alone."""
    await door.done("create_contact", phone_number=number)
    young = await checked(door, [number, CONTACTS[0]])
    assert young["unknown"] == [number]
    assert young["counts"]["not_contacts"] == 0
    assert "ask again in a minute" in young["message"]
    assert young["next"] == f'check_phone_numbers(phone_numbers=["{number}"])'
    text = (await door.call("check_phone_numbers", phone_numbers=[number])).text
    assert f"Unknown, on SMS, added a moment ago (1): {number}" in text.splitlines()
    await door.advance(61)
    old = await checked(door, [number, CONTACTS[0]])
    assert old["whatsapp" if later == "yes" else "sms_only"][0] == number
    assert "next" not in old


async def test_progress_counts_the_numbers_decided(state: Path) -> None:
    """Always more than before, of all, and at last all."""
    told: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with opened(create_app(contacts=350), state) as door:
        given: dict[str, Any] = {"phone_numbers": [*CONTACTS, *MORE_STRANGERS[:50], CONTACTS[0]]}
        await door.client.call_tool("check_phone_numbers", given, progress_callback=listen)
    assert told[-1] == (100, 100, "100 of 100 numbers decided")
    assert [step for step, *_ in told] == sorted({step for step, *_ in told})
    assert {(total, said) for _, total, said in told} == {
        (100, f"{step:g} of 100 numbers decided") for step, *_ in told
    }


@pytest.mark.parametrize(
    "numbers",
    [
        [*CONTACTS, STRANGERS[0]],
        MORE_STRANGERS[:51],
        MORE_STRANGERS[:1_000],
        [*CONTACTS, *STRANGERS, *MORE_STRANGERS[:900]],
    ],
    ids=["contacts", "few", "strangers", "mixed"],
)
async def test_a_long_list_costs_six_tokens_a_number_in_either_channel(
    door: Door, numbers: list[str]
) -> None:
    """And three hundred in all for the rest."""
    answer = await door.client.call_tool("check_phone_numbers", {"phone_numbers": numbers})
    (content,) = answer.content
    assert isinstance(content, mcp.TextContent)
    compact = json.dumps(answer.structured_content, separators=(",", ":"))
    for channel in (content.text, compact):
        assert len(TOKENS.findall(channel)) <= 6 * len(numbers) + 300
        assert all(number in channel for number in numbers)


async def test_it_is_there_to_read_with_and_not_in_the_legacy_api(
    app: Starlette, state: Path
) -> None:
    """It changes nothing; v1 has neither pages of a hundred nor times."""
    async with opened(app, state, read_only=True) as door:
        tool = (await door.tools())["check_phone_numbers"]
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert (await checked(door, CONTACTS[:1]))["whatsapp"] == CONTACTS[:1]
    async with opened(app, state, api_version="v1", sender_id="sender") as door:
        assert "check_phone_numbers" not in await door.tools()


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_both_eras_of_the_protocol_get_the_same_answer(
    app: Starlette, state: Path, mode: str
) -> None:
    """Hosts of either kind are served."""
    async with opened(app, state, mode=mode) as door:
        assert (await checked(door, CONTACTS[:3]))["sms_only"] == [CONTACTS[1]]


async def test_masked_numbers_are_counted_and_no_next_call_holds_one(
    app: Starlette, state: Path
) -> None:
    """An operator who hides numbers gets groups of hidden numbers."""
    async with opened(app, state, mask_phones=True) as door:
        await door.done("create_contact", phone_number=STRANGERS[0])
        reply = await door.call(
            "check_phone_numbers", phone_numbers=[*CONTACTS[:2], STRANGERS[0], "415 555 0102"]
        )
    assert reply.data["whatsapp"] == ["+1415*****00"]
    assert reply.data["counts"]["unknown"] == 1
    assert "next" not in reply.data
    for shown in (reply.text, json.dumps(reply.data)):
        assert not re.search(r"555.?01", shown)


async def test_no_next_call_names_numbers_that_are_masked(state: Path) -> None:
    """Nor a list of them."""
    async with opened(
        create_app(contacts=3_000), state, mask_phones=True, requests_per_minute=10
    ) as door:
        reply = await door.call("check_phone_numbers", phone_numbers=MORE_STRANGERS[:100])
    assert reply.data["complete"] is False
    assert reply.data["counts"]["not_checked"] == len(reply.data["not_checked"])
    assert "next" not in reply.data

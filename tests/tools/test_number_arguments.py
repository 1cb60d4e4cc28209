"""Lists of numbers as models and people write them."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.door import Door, opened

ADA, BOB = "+14155550100", "+14155550101"
LONDON = "+447911123456"


async def read(door: Door, numbers: object, **more: object) -> tuple[list[str], dict[str, Any]]:
    """The numbers that were understood, and the counts."""
    result = await door.done("check_phone_numbers", phone_numbers=numbers, **more)
    return [row["phone_number"] for row in result["results"]], result["counts"]


@pytest.mark.parametrize(
    "written",
    [
        [ADA, BOB, LONDON],
        [f" {ADA} ", "tel:+1-415-555-0101", "0044 7911 123456"],
        [14155550100, BOB, LONDON],
        [f"{ADA}, {BOB}; {LONDON}"],
        [f"{ADA}\n{BOB}\r\n{LONDON}\n"],
        [f"{ADA}\t{BOB}|{LONDON}", ""],
        f"{ADA},{BOB},{LONDON}",
        f"{ADA};{BOB}\n{LONDON}",
        f"{ADA} {BOB} {LONDON}",
        "+1 (415) 555-0100 +1 415.555.0101   +44 7911 123456",
        f"{ADA}，{BOB}；{LONDON}",
        json.dumps([ADA, BOB, LONDON]),
        f"[14155550100, {json.dumps(BOB)}, {json.dumps(LONDON)}]",
    ],
)
async def test_a_list_may_be_written_in_many_ways(door: Door, written: object) -> None:
    """Spellings, separators, a text instead of a list, numbers instead of texts."""
    region = "US" if "14155550100" in json.dumps(written).replace(ADA, "") else None
    numbers, counts = await read(door, written, region=region)
    assert numbers == [ADA, BOB, LONDON]
    assert counts["duplicates"] == 0


async def test_spellings_of_one_number_are_one_number(door: Door) -> None:
    """Counted as duplicates, and asked for once."""
    written = [ADA, "+1 (415) 555-0100", "tel:+1-415-555-0100", "001 415 555 0100", ADA]
    numbers, counts = await read(door, written)
    assert numbers == [ADA]
    assert (counts["input"], counts["duplicates"], counts["whatsapp"]) == (5, 4, 1)
    assert len(await door.log()) == 1


async def test_without_a_region_a_number_without_plus_is_invalid(door: Door) -> None:
    """It is said what would help."""
    written = ["(415) 555-0100", BOB, "07911 123456"]
    result = await door.done("check_phone_numbers", phone_numbers=written)
    assert result["sms_only"] == [BOB]
    assert [row["input"] for row in result["invalid"]] == [written[0], written[2]]
    assert {row["reason"] for row in result["invalid"]} == {"has no country code"}
    assert "Numbers without + need their country code, or region" in result["message"]


@pytest.mark.parametrize("region", ["GB", "gb", " Gb "])
async def test_a_region_is_for_the_numbers_without_plus(door: Door, region: str) -> None:
    """The others keep their country."""
    numbers, counts = await read(door, ["07911 123456", BOB], region=region)
    assert numbers == [LONDON, BOB]
    assert counts["invalid"] == 0


async def test_the_operators_region_holds_where_a_call_names_none(
    app: Starlette, state: Path
) -> None:
    """Its own wins; an empty one is none."""
    async with opened(app, state, default_region="US") as door:
        written = ["415 555 0100"]
        assert (await read(door, written))[0] == [ADA]
        assert (await read(door, written, region=""))[0] == [ADA]
        assert (await read(door, ["07911 123456"], region="GB"))[0] == [LONDON]


@pytest.mark.parametrize("region", ["UK", "XX", "USA", "+1", 1])
async def test_what_is_no_region_is_refused(door: Door, region: object) -> None:
    """Before anything is asked."""
    text = await door.refused("check_phone_numbers", phone_numbers=[ADA], region=region)
    assert text.startswith("INVALID_ARGUMENTS: ")
    assert "region: " in text
    assert await door.log() == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([], "phone_numbers: must not be empty"),
        ("", "phone_numbers: must not be empty"),
        ([[ADA]], "phone_numbers[0]: must be text"),
        ([ADA, True], "phone_numbers[1]: must be text"),
        ([{"phone": ADA}], "phone_numbers[0]: must be text"),
        ({"phone": ADA}, "phone_numbers: must be a list"),
        (None, "phone_numbers: must be a list"),
        ("[+14155550100]", "phone_numbers: should be JSON, but cannot be read as such"),
        ([ADA] * 1_001, "phone_numbers: has 1001 numbers, and at most 1000 are taken"),
        ([f"{ADA},{BOB}"] * 501, "phone_numbers: has 1002 numbers, and at most 1000 are taken"),
        (",".join([ADA] * 1_001), "phone_numbers: has 1001 numbers, and at most 1000 are taken"),
        ([ADA] * 100_000, "phone_numbers: has 100000 entries, far more than are taken"),
    ],
)
async def test_what_is_no_list_of_numbers_is_refused(
    door: Door, written: object, said: str
) -> None:
    """As a whole, with the place of the first mistakes."""
    text = await door.refused("check_phone_numbers", phone_numbers=written)
    assert text.startswith("INVALID_ARGUMENTS: ")
    assert said in text
    assert len(text) < 1_500
    assert await door.log() == []


async def test_a_thousand_of_one_number_are_one_request(door: Door) -> None:
    """The most that is taken."""
    numbers, counts = await read(door, [ADA] * 1_000)
    assert (numbers, counts["input"], counts["duplicates"]) == ([ADA], 1_000, 999)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "is empty"),
        ("", "is empty"),
        ("  ", "is empty"),
        (",,", "is empty"),
        ("call me", "has no digits"),
        ("+1 415 *** 0100", "is masked"),
        ("+1 415 555 0100 ext 4", "has an extension"),
        ("+1 800 FLOWERS", "has letters in it"),
        (f"{ADA} / {BOB}", "looks like more than one number"),
        ("+1 415 555", "has too few digits for its country"),
        ("+999 4155 550100", "begins with a country code that does not exist"),
        ("+" + "1" * 70, "is too long for a phone number"),
    ],
)
async def test_a_text_that_is_no_number_is_named_with_its_reason(
    door: Door, written: str | None, reason: str
) -> None:
    """The others are checked; nothing is asked about it."""
    result = await door.done("check_phone_numbers", phone_numbers=[written, ADA])
    assert result["whatsapp"] == [ADA]
    assert result["counts"]["invalid"] == 1
    assert [row["reason"] for row in result["invalid"]] == [reason]
    assert result["complete"] is True
    alone = await door.done("check_phone_numbers", phone_numbers=[written])
    assert (alone["requests_used"], alone["complete"]) == (0, True)
    assert len(await door.log()) == 1


async def test_of_many_invalid_ones_the_first_are_shown_and_all_are_counted(door: Door) -> None:
    """Cut, and with what is invisible in them made visible."""
    written = ['say "hi"\u202e', "x" * 63 + "\u200b", *["nobody"] * 30, ADA]
    reply = await door.call("check_phone_numbers", phone_numbers=written)
    assert reply.data["counts"]["invalid"] == 32
    assert len(reply.data["invalid"]) == 20
    assert reply.data["invalid"][0]["input"] == 'say \\"hi\\"\\u{202e}'
    assert all(len(row["input"]) <= 41 for row in reply.data["invalid"])
    assert "Invalid, not shown here: 12" in reply.text.splitlines()
    assert "\u202e" not in reply.text


SPOILT = ("4915112345678.0", "+4915112345678,0", "393471234567.00", "+14155550100.0")
SHORTENED = "4.15556E+09"


async def test_what_a_spreadsheet_spoilt_is_no_number_to_a_check(door: Door) -> None:
    """Nobody else is asked about; the reason says what it is."""
    given = {"phone_numbers": [*SPOILT, SHORTENED], "region": "US"}
    said = await door.done("check_phone_numbers", **given)
    assert said["counts"]["invalid"] == said["counts"]["input"] == 5
    assert [row["input"] for row in said["invalid"]] == [*SPOILT, SHORTENED]
    reasons = [row["reason"] for row in said["invalid"]]
    assert reasons == ["is a decimal"] * 4 + ["was shortened by a spreadsheet"]
    assert await door.log() == []


async def test_what_a_spreadsheet_spoilt_is_not_imported(door: Door) -> None:
    """And all others are."""
    listed = [*SPOILT, SHORTENED, "+49 151 1234.5678"]
    said = await door.done("import_contacts", phone_numbers=listed, region="US")
    assert (said["counts"]["created"], said["counts"]["invalid"]) == (1, 5)
    found = await door.done("find_contact_by_phone", phone_number="+4915112345678")
    assert found["found"] is True
    assert len(await door.changes()) == 1


@pytest.mark.parametrize("written", [*SPOILT, SHORTENED, 4.15556e9, 4915112345678.0])
async def test_what_a_spreadsheet_spoilt_is_not_created(door: Door, written: object) -> None:
    """Nor looked up, nor written to; without quotes it is none either."""
    given = {"phone_number": written}
    for tool in ("create_contact", "find_contact_by_phone"):
        text = await door.refused(tool, **given)
        assert text.startswith(
            f"INVALID_ARGUMENTS: the arguments of {tool} are wrong.\nphone_number: "
        )
    text = await door.refused("send_message", to=[written], text="Hello")
    assert text.startswith("INVALID_ARGUMENTS: ")
    assert await door.log() == []
    if isinstance(written, str):
        assert "is a decimal" in text or "was shortened by a spreadsheet" in text

"""Phone numbers as arguments: any human spelling, or the reason why not."""

import pytest

from tests.door import SEEDED, Door

NUMBERS = [
    "+14155550102",
    " +1 415 555 0102 ",
    "+1 (415) 555-0102",
    "+1.415.555.0102",
    "tel:+1-415-555-0102",
    "whatsapp:+14155550102",
    "0014155550102",
    "\u202a+1\u00a0415\u00a0555\u00a00102\u202c",
    "＋１４１５５５５０１０２",
]


@pytest.mark.parametrize("written", NUMBERS)
async def test_a_number_is_understood_in_any_spelling(door: Door, written: str) -> None:
    """It leaves as E.164."""
    found = await door.done("find_contact_by_phone", phone_number=written)
    assert (found["found"], found["phone_number"]) == (True, SEEDED)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("call me", "no digits"),
        ("+1 415 555 0102 ext 7", "extension"),
        ("+1415555", "too few digits"),
        ("+1415555010212345", "too many digits"),
        ("+999123456789", "country code that does not exist"),
        ("4155550102", "no country code"),
        ("+1415*****02", "masked"),
        ("+14155550101, +14155550102", "more than one number"),
        ("+1415555FOOD", "letters"),
        ("+", "no digits"),
        ("9" * 70, "too long"),
        ("", "is empty"),
        (["+14155550102"], "must be text"),
        (True, "must be text"),
        (None, "must be text"),
    ],
)
async def test_a_number_nobody_could_dial_is_refused_with_the_reason(
    door: Door, written: object, why: str
) -> None:
    """Nothing is asked of Sent."""
    text = await door.refused("find_contact_by_phone", phone_number=written)
    assert text.startswith("INVALID_ARGUMENTS: ")
    assert why in text
    assert "Nothing was changed or sent." in text
    assert await door.log() == []


async def test_numbers_without_a_country_belong_to_the_region_that_is_set(door: Door) -> None:
    """None is set here, so the refusal names the setting."""
    text = await door.refused("find_contact_by_phone", phone_number="(415) 555-0102")
    assert "write it like +14155550101, or set SENT_DEFAULT_REGION" in text

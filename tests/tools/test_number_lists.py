"""check_phone_numbers with any list: the right groups, and counts that add up."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.emulator import create_app
from tests.door import opened

APP = create_app()
"""Nothing here changes it."""
SPELLINGS = ("+1415{}{}", "+1 (415) {}-{}", "001 415 {} {}", "tel:+1-415-{}-{}", "415.{}.{}")
NO_NUMBERS = ("", "nobody", "+1 415 555", "+1 415 555 0102 ext 3", "+999 1234567")

place = st.integers(100, 199)
written = st.tuples(place, st.sampled_from(SPELLINGS))
entries = st.lists(written | st.sampled_from(NO_NUMBERS), min_size=1, max_size=80)


def group_of(last_four: int) -> str:
    """Where a number belongs: the first fifty are contacts, every other one is on WhatsApp."""
    if last_four >= 150:
        return "unknown"
    return "sms_only" if last_four % 2 else "whatsapp"


@given(entries)
@settings(max_examples=60, deadline=None)
async def test_any_list_is_answered_number_by_number(given: list[tuple[int, str] | str]) -> None:
    """Once each, in the order in which they came first."""
    texts = [
        each if isinstance(each, str) else each[1].format(555, f"{each[0]:04}") for each in given
    ]
    places = list(dict.fromkeys(each[0] for each in given if not isinstance(each, str)))
    async with opened(APP, "memory:", default_region="US") as door:
        await door.forget()
        result: dict[str, Any] = await door.done("check_phone_numbers", phone_numbers=texts)
        assert result["requests_used"] == len(await door.log())
    for group in ("whatsapp", "sms_only", "other", "unknown"):
        expected = [f"+1415555{each:04}" for each in places if group_of(each) == group]
        assert result[group] == expected
    counts = result["counts"]
    assert counts["not_contacts"] == counts["unknown"] == len(result["unknown"])
    assert counts["invalid"] == len([each for each in given if isinstance(each, str)])
    assert counts["input"] == len(given)
    assert counts["duplicates"] == len(given) - counts["invalid"] - len(places)
    assert result["requests_used"] <= (1 if len(places) == 1 else min(len(places) + 1, 2))

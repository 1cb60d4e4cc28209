"""From texts to numbers: each once, in order, and what is none with its reason."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.reach import read_numbers

ADA, BOB = "+14155550100", "+14155550101"
LONDON = "+447911123456"


def test_what_is_no_number_is_kept_as_it_was_written() -> None:
    """With the whole reason."""
    listed = read_numbers(["0171 1234567", ADA, " ", "(415) 555-0100"], None)
    assert listed.numbers == (ADA,)
    assert [each.input for each in listed.invalid] == ["0171 1234567", " ", "(415) 555-0100"]
    assert listed.invalid[0].reason.startswith("has no country code: ")
    assert (listed.duplicates, listed.entries) == (0, 4)


@given(st.lists(st.text(max_size=30) | st.sampled_from([ADA, BOB, "415 555 0100"]), max_size=30))
@settings(max_examples=200, deadline=None)
def test_each_text_is_a_number_a_duplicate_or_invalid(texts: list[str]) -> None:
    """Whatever it is; no number comes twice."""
    listed = read_numbers(texts, "US")
    assert listed.entries == len(texts)
    assert len(set(listed.numbers)) == len(listed.numbers)
    assert [each.input for each in listed.invalid if each.input in (ADA, BOB)] == []
    assert listed.duplicates >= max(0, sum(text in (ADA, "415 555 0100") for text in texts) - 1)


@given(st.lists(st.sampled_from([ADA, BOB, LONDON]), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_numbers_keep_the_order_in_which_they_came_first(texts: list[str]) -> None:
    """Results are read beside the list that was given."""
    assert list(read_numbers(texts, None).numbers) == list(dict.fromkeys(texts))

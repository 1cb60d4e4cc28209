"""How the words of `sent-mcp call` become arguments."""

import pytest

from sent_mcp.cli.call import parse_arguments
from sent_mcp.cli.outcome import UsageError


def test_words_are_arguments_and_their_values_stay_text() -> None:
    assert parse_arguments(["page=2", "search="], None) == {"page": "2", "search": ""}


def test_only_the_first_equals_sign_divides() -> None:
    assert parse_arguments(["text=1+1=2"], None) == {"text": "1+1=2"}


def test_words_win_over_the_object() -> None:
    assert parse_arguments(["page=2"], '{"page": 1, "opt_out": true}') == {
        "page": "2",
        "opt_out": True,
    }


@pytest.mark.parametrize("word", ["page", "=2", ""])
def test_a_word_without_a_name_or_an_equals_sign_is_named(word: str) -> None:
    with pytest.raises(UsageError, match=f"^'{word}' is not key=value$"):
        parse_arguments([word], None)


@pytest.mark.parametrize("text", ["[1]", '"page"', "null"])
def test_arguments_are_an_object(text: str) -> None:
    with pytest.raises(UsageError, match="^--args must be a JSON object$"):
        parse_arguments([], text)


@pytest.mark.parametrize("text", ["", "{", "page=1"])
def test_arguments_are_json(text: str) -> None:
    with pytest.raises(UsageError, match="^--args is not JSON: "):
        parse_arguments([], text)

"""Text from outside: all of it is seen, none of it passes for ours, and it is never long."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_mcp.quoting import cell, harmless, in_lines, named, one_line, quoted, visible
from tests.proof.untrusted_strings import TEXTS, hostile, is_hidden

ALL = [*TEXTS.values(), "", "a", "x" * 500]


def hidden_in(text: str) -> list[str]:
    """What is in it that nobody sees."""
    return [character for character in text if is_hidden(character)]


@pytest.mark.parametrize("text", ALL)
def test_what_is_known_to_be_bad_is_seen_and_short(text: str) -> None:
    """With the mark that says that it was cut."""
    shown = visible(text, 120)
    assert not hidden_in(shown)
    assert len(shown) <= 121
    assert shown.endswith("…") == (visible(text, None) != shown)


@given(hostile())
def test_nothing_in_quotes_ends_them(text: str) -> None:
    """Neither the quotation mark itself nor one that looks like it."""
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', quoted(text))
    assert not re.search("(?<!\\\\)[“”„‟″〝〞＂]", quoted(text))


@given(hostile())
def test_what_is_shown_tells_one_text_from_another(text: str) -> None:
    """Whoever reads the escapes back has the text."""
    assert re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", _read, visible(text, None)) == text


def _read(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return "\n" if escape[2] == "n" else escape[2]


@given(hostile())
def test_a_name_is_a_plain_word_or_in_quotes(text: str) -> None:
    """In a column not even a space may end it."""
    assert re.fullmatch(r'[\w.+/\[\]-]+|(tel:)?[\d+() ./-]+|".*"', named(text), re.ASCII)
    assert " " not in cell(visible(text)) or cell(visible(text)).startswith('"')


@given(st.text(st.characters(categories=("Mn", "Mc", "Me")), min_size=1))
def test_nothing_combines_with_our_quotation_mark(text: str) -> None:
    """A stroke through it would make it another character."""
    assert unicodedata.category(quoted(text)[1])[0] != "M"


@given(hostile())
def test_a_line_is_one_whatever_was_put_into_it(text: str) -> None:
    """The last resort: it changes nothing that is seen already, so it can be done twice."""
    line = one_line(text)
    assert line.splitlines() in ([line], [])
    assert not hidden_in(line)
    assert one_line(line) == line
    assert in_lines(f"{line}\n{line}").split("\n") == [line, line]
    assert one_line(visible(text)) == visible(text)


@given(hostile())
def test_a_structure_is_shown_with_its_names(text: str) -> None:
    """Whatever its depth."""
    assert harmless({text: [text, {"a": text}, 1, None]}) == {
        one_line(text): [one_line(text), {"a": one_line(text)}, 1, None]
    }


def test_plain_text_stays_as_it_is() -> None:
    """People have names, and templates have words."""
    for text in ("Jürgen Groß", "Straße 7", "日本語", "naïve – no", "a.b_c-d"):
        assert visible(text) == text
    assert json.loads(quoted('say "hi"')) == 'say "hi"'

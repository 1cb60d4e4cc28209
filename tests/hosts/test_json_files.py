"""Entries in JSON files with comments: everything else keeps its bytes and its meaning."""

import json
import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.hosts import HostError
from sent_mcp.hosts.host import Json
from sent_mcp.hosts.json_edit import add, drop, put, read

ENTRY: Json = {"command": "/opt/ü/sent-mcp", "args": ["serve", "--demo"], "env": {"A": "1"}}
PATH = ("mcpServers", "sent")
SPACES = st.sampled_from(
    ["", " ", "\n", "\r\n", "\t", "  // no } here\n", "/* { */", " /* a\n b */ ", "\n  // x\r\n  "]
)
NAMES = st.one_of(st.sampled_from(["a", "b", "mcpServers", 'q"uote', "//", "sent"]), st.text())
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)


@st.composite
def arrays(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    """An array, spaces and comments wherever they may be, perhaps with a trailing comma."""
    return _between(draw, "[]", draw(st.lists(items, max_size=3)))


@st.composite
def objects(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    members = [
        json.dumps(name) + draw(SPACES) + ":" + draw(SPACES) + draw(values) for name in names
    ]
    return _between(draw, "{}", members)


def _between(draw: st.DrawFn, brackets: str, members: list[str]) -> str:
    text = brackets[0] + draw(SPACES)
    for at, member in enumerate(members):
        comma = "," if at + 1 < len(members) or draw(st.booleans()) else ""
        text += member + draw(SPACES) + comma + draw(SPACES)
    return text + brackets[1]


VALUES = st.recursive(
    PLAIN.map(json.dumps) | st.text().map(json.dumps),
    lambda inner: arrays(inner) | objects(inner),
    max_leaves=8,
)
FILES = st.tuples(SPACES, objects(VALUES), SPACES).map("".join)


def strictly(text: str) -> Json:
    """What another reader sees: comments and trailing commas taken out, then the library."""
    text = re.sub(
        r'("(?:\\.|[^"\\])*")|//[^\r\n]*|/\*.*?\*/', lambda m: m[1] or " ", text, flags=re.DOTALL
    )
    return json.loads(
        re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda m: m[1] or "", text, flags=re.DOTALL)
    )


@settings(deadline=None)
@given(FILES)
def test_any_file_is_read_as_other_readers_do(text: str) -> None:
    assert read(text) == strictly(text)


@settings(deadline=None)
@given(FILES)
def test_what_is_put_in_is_all_that_is_new(text: str) -> None:
    before = read(text)
    section = before.get("mcpServers", {})
    if not isinstance(section, dict):
        with pytest.raises(HostError, match="an object was expected"):
            put(text, PATH, ENTRY)
        return
    after = put(text, PATH, ENTRY)
    expected = {**before, "mcpServers": {**section, "sent": ENTRY}}
    assert strictly(after) == read(after) == expected
    if "sent" not in section:
        assert is_spread_over(text, after)


@settings(deadline=None)
@given(FILES)
def test_what_is_taken_out_again_leaves_what_was_there(text: str) -> None:
    section = read(text).get("mcpServers", {})
    if isinstance(section, dict) and "sent" not in section:
        left = drop(put(text, PATH, ENTRY), PATH)
        assert strictly(left) == {**read(text), "mcpServers": section}
        if section:
            assert left == text


@settings(deadline=None)
@given(FILES, st.data())
def test_any_entry_can_be_taken_out(text: str, data: st.DataObject) -> None:
    """Wherever it stands, among whatever comments."""
    before = read(text)
    if before:
        name = data.draw(st.sampled_from(sorted(before)))
        left = strictly(drop(text, (name,)))
        assert left == {key: value for key, value in before.items() if key != name}


@settings(deadline=None)
@given(arrays(VALUES), st.data())
def test_items_of_a_list_come_and_go(array: str, data: st.DataObject) -> None:
    text = f'{{"inputs": {array}}}'
    items = read(text)["inputs"]
    assert isinstance(items, list)
    after = add(text, ("inputs",), ENTRY)
    assert strictly(after) == {"inputs": [*items, ENTRY]}
    at = data.draw(st.integers(0, len(items)))
    left = [*items, ENTRY]
    left.pop(at)
    assert strictly(drop(after, ("inputs",), at)) == {"inputs": left}
    if items:
        assert drop(after, ("inputs",), len(items)) == text


def is_spread_over(text: str, after: str) -> bool:
    """Whether every character of the one is in the other, in order."""
    rest = iter(after)
    return all(character in rest for character in text)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", '{\n  "a": {\n    "b": 1\n  }\n}\n'),
        ("{}", '{\n  "a": {\n    "b": 1\n  }\n}'),
        ("// nothing yet\n", '// nothing yet\n{\n  "a": {\n    "b": 1\n  }\n}\n'),
        ('{\n\t"a": {}\n}\n', '{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n'),
        ('{\r\n    "c": 2\r\n}', '{\r\n    "c": 2,\r\n    "a": {\r\n        "b": 1\r\n    }\r\n}'),
        ('{"c": 2}', '{"c": 2, "a": {"b": 1}}'),
        (
            '{\n  "c": 2 // two\n  // end\n}',
            '{\n  "c": 2, // two\n  "a": {\n    "b": 1\n  }\n  // end\n}',
        ),
        ('{\n  "c": 2, // two\n}', '{\n  "c": 2, // two\n  "a": {\n    "b": 1\n  },\n}'),
        ('{\n  "a": {"b": 0}\n}', '{\n  "a": {"b": 1}\n}'),
    ],
)
def test_an_entry_looks_like_what_is_around_it(text: str, after: str) -> None:
    assert put(text, ("a", "b"), 1) == after


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "line 1: an object was expected"),
        ("null", "line 1: an object was expected"),
        ('{\n  "a" 1\n}', "line 2, column 7: a colon was expected"),
        ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: a comma or '}' was expected"),
        ('{"a": 1}}', "line 1, column 9: the end of the file was expected"),
        ('{"a": [1, 2}', "line 1, column 12: a comma or ']' was expected"),
        ('{"a": ', "line 1, column 7: expecting value"),
        ('{"a": NaN}', "line 1, column 7: NaN is no JSON"),
        ("{'a': 1}", "line 1, column 2: a name in double quotes was expected"),
        ("{a: 1}", "line 1, column 2: a name in double quotes was expected"),
        ('{"a": "b}', "line 1, column 7: unterminated string"),
        ('{"a": 1 /* }', "line 1, column 9: a comment that does not end"),
        ('{"a": {"b": {"c": 1,,}}}', "line 1, column 21: a name in double quotes"),
        ('{"a": ' + "[" * 1_000, "too many levels"),
        ('{"a": ' + "[" * 100_000, "too many levels"),
        ('{"a": ' + "9" * 5_000 + "}", "line 1, column 7: Exceeds the limit"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(HostError, match=re.escape(problem)):
        read(text)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ('{"a": {},\n "a": {}}', partial(put, value=1)),
        ('{"a": {"b": 1,\n "b": 2}}', partial(put, value=1)),
        ('{"a": {"b": 1,\n "b": 2}}', drop),
    ],
)
def test_one_of_two_with_the_same_name_is_not_chosen(
    text: str, change: Callable[[str, tuple[str, str]], str]
) -> None:
    with pytest.raises(HostError, match='line 2: there is a second "[ab]"'):
        change(text, ("a", "b"))

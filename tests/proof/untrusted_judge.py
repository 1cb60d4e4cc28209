"""What was said, judged: is what the API said visible, quoted, and short?

Within a quotation every quotation mark, and whatever looks like one, must be escaped; what follows
one in our texts is `HEAD`, so that it is known wherever it stands.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from tests.proof.fuzz_api import Json
from tests.proof.fuzz_tour import Said
from tests.proof.untrusted_strings import HEAD, QUOTES, is_hidden

LONGEST, LONGEST_IN_ERRORS = 120, 200
_SPELLED = re.compile(r"Next[^:]*: |\s*\w+: [\[{]")
"""How a line begins that holds JSON, in which what is quoted was escaped before."""
_MARGIN = len("…")
_ACTION = len('delete "" and 99 more cf_') + 36
"""What stands around a name in a token."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r"\\(?:u\{[0-9a-f]+\}|.)")
_TOKEN = re.compile(r"(?<= cf_)[\w-]{34}", re.ASCII)
"""Anything may stand by chance in what signs one, `HEAD` too."""
_LIKE_QUOTES = re.compile(f"[{QUOTES}]")
_HEAD = re.compile(HEAD, re.IGNORECASE)
"""Channels are told in lower case, statuses in upper case."""
_FREE = re.compile(rf"{HEAD}|(?<![\s,(])(?i:{HEAD})|(?i:{HEAD})(?![\s,).;]|$)")
"""Not in quotes; but a channel that is a plain word needs none."""
_BARE = re.compile(r"[\w.+:@/-]+", re.ASCII)


def faults(said: Said) -> Iterator[str]:
    """What is wrong with it, if anything."""
    match said.where:
        case "text" | "question" | "error":
            most = LONGEST if said.where == "question" else LONGEST_IN_ERRORS
            yield from _of_lines(said.value, most)
        case "structured":
            yield from _of_structure(said.value)
        case "resource":
            yield from _of_values(json.loads(said.value), LONGEST)
            yield from hidden_in(said.value)
        case "protocol":
            message, data = said.value
            yield from _of_lines(message, LONGEST_IN_ERRORS)
            yield from _of_values(data, LONGEST)
        case "completion":
            yield from _of_values(said.value, LONGEST_IN_ERRORS)


def holds(said: Said) -> bool:
    """Whether anything of the API's is in it; where nothing ever is, nothing is proven."""
    return _HEAD.search(_TOKEN.sub("", str(said.value))) is not None


def _of_structure(value: dict[str, Any]) -> Iterator[str]:
    rest = dict(value)
    yield from _of_lines("Next: " + rest.pop("next", ""), LONGEST_IN_ERRORS, one=True)
    for name in ("message", "question", "confirmation_token"):
        # The text, which may hold several quotations, is judged like the other text.
        most = LONGEST if name == "question" else LONGEST_IN_ERRORS
        yield from _of_lines(rest.pop(name, ""), most, one=name != "question")
    yield from _of_values(rest, LONGEST)


def _of_values(value: Json, most: int) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _of_values(name, most)
            yield from _of_values(inner, most)
    elif isinstance(value, list):
        for each in value:
            yield from _of_values(each, most)
    elif isinstance(value, str):
        yield from hidden_in(value, lines=False)
        if len(value) > most + _MARGIN:
            yield f"{len(value)} characters in a value: {ascii(value[:80])}"


def _of_lines(text: str, most: int, *, one: bool = False) -> Iterator[str]:
    yield from hidden_in(text, lines=not one)
    for line in text.splitlines():
        yield from line_faults(line, most)


def line_faults(line: str, most: int) -> Iterator[str]:
    """What is wrong with one line of text in which a quotation has at most so many characters."""
    yield from _outside(line)
    for each in _QUOTED.findall(line):
        yield from _inside(each, most, spelled=_SPELLED.match(line) is not None)


def _outside(line: str) -> Iterator[str]:
    """What stands there in our own name, or seems to."""
    if _HEAD.match(line.lstrip()) and not _BARE.fullmatch(line.split()[0]):
        yield f"a line begins with it: {ascii(line[:120])}"
    bare = _TOKEN.sub("", _QUOTED.sub("…", line))
    for what, found in (
        ("not in quotes", _FREE.search(bare)),
        ("a quotation mark that is no pair's", _LIKE_QUOTES.search(bare)),
    ):
        if found is not None:
            yield f"{what}: {ascii(bare[max(0, found.start() - 60) : found.end() + 60])}"


def _inside(quotation: str, most: int, *, spelled: bool) -> Iterator[str]:
    """What is wrong with one quotation; `spelled`: what is in it was escaped again as JSON is."""
    text = _once_less(quotation) if spelled else quotation[1:-1]
    if spelled and _TOKEN.search(text):
        # Its words hold quotations of their own.
        yield from line_faults(text, most)
    elif _LIKE_QUOTES.search(_ESCAPED.sub("", text)):
        yield f"a quotation that seems to end within: {ascii(quotation[:160])}"
    if text and unicodedata.category(text[0])[0] == "M":
        yield f"a mark on our quotation mark: {ascii(quotation[:80])}"
    around = _ACTION if _TOKEN.search(quotation) else 2
    long = len(_ESCAPED.sub(_once, quotation)) > most + around + _MARGIN
    if long and _HEAD.search(quotation):
        yield f"{len(quotation)} characters in quotes: {ascii(quotation[:80])}"


def _once_less(quotation: str) -> str:
    try:
        return str(json.loads(quotation))
    except ValueError:
        return quotation[1:-1]


def _once(match: re.Match[str]) -> str:
    """What was escaped again within JSON counts once."""
    return "\\" if match[0] == "\\\\" else match[0]


def hidden_in(text: str, *, lines: bool = True) -> Iterator[str]:
    """What nobody can see, and what should stand on one line where it does not."""
    found = {each for each in set(text) if is_hidden(each) and not (lines and each == "\n")}
    if found:
        yield f"not visible: {ascii(''.join(sorted(found)))[:80]} in {ascii(text[:200])}"

"""What was said, judged: is what the API said visible, quoted, and short?"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.proof.fuzz_api import Json
from tests.proof.fuzz_tour import Said
from tests.proof.untrusted_strings import HEAD, is_hidden

LONGEST, LONGEST_IN_ERRORS = 120, 200
_MARGIN = len("…")
_ACTION = len('delete "" and 99 more cf_') + 36
"""What stands around a name in a token."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPED = re.compile(r"\\(?:u\{[0-9a-f]+\}|.)")
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


def _of_structure(value: dict[str, Any]) -> Iterator[str]:
    rest = dict(value)
    for name in ("message", "next", "question", "confirmation_token"):
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
        if line.lstrip().startswith(HEAD) and not _BARE.fullmatch(line.split()[0]):
            yield f"a line begins with it: {ascii(line[:120])}"
        quotations = _QUOTED.findall(line)
        if HEAD in _QUOTED.sub("", line):
            yield f"not in quotes: {ascii(_around(_QUOTED.sub('', line)))}"
        for each in quotations:
            around = _ACTION if " cf_" in each else 2
            if HEAD in each and len(_ESCAPED.sub(_once, each)) > most + around + _MARGIN:
                yield f"{len(each)} characters in quotes: {ascii(each[:80])}"


def _once(match: re.Match[str]) -> str:
    """What was escaped again within JSON counts once."""
    return "\\" if match[0] == "\\\\" else match[0]


def _around(line: str) -> str:
    at = line.index(HEAD)
    return line[max(0, at - 60) : at + 60]


def hidden_in(text: str, *, lines: bool = True) -> Iterator[str]:
    """What nobody can see, and what should stand on one line where it does not."""
    found = {each for each in set(text) if is_hidden(each) and not (lines and each == "\n")}
    if found:
        yield f"not visible: {ascii(''.join(sorted(found)))[:80]} in {ascii(text[:200])}"

"""Where everything stands in a JSON file with comments and trailing commas.

Python has libraries that read such files, and none that changes one in place: they give values
back, and lose where those stood.
"""

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from sent_mcp.hosts.host import HostError, Json

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
_EDITED_DEPTH = 2
_DEEPEST = 200


@dataclass(frozen=True)
class Node:
    """A value, from `start` to `end`. `children` are known of the two outermost levels only."""

    start: int
    end: int
    value: Json
    children: "tuple[Child, ...]" = ()


@dataclass(frozen=True)
class Child:
    """An item of an array, or a member of an object, which starts with its key."""

    start: int
    key: str | None
    node: Node
    comma: int | None
    """Where the comma after it is."""


def parse(text: str) -> Node | None:
    """The outermost value; None where there is nothing but spaces and comments.

    Raises HostError, with line and column.
    """
    reader = _Reader(text)
    start = reader.skip(0)
    if start == len(text):
        return None
    node = reader.value(start, 0)
    rest = reader.skip(node.end)
    if rest != len(text):
        reader.refuse(rest, "the end of the file was expected")
    return node


def comments_end(text: str, start: int, end: int) -> tuple[int, bool]:
    """Where the last comment ends that starts between two positions; `start` if there is none.

    And whether it is one that goes on to the end of the line.
    """
    last, to_line_end = start, False
    at = _after_space(text, start)
    while at < end and (comment := _COMMENT.match(text, at)):
        last, to_line_end = comment.end(), comment[0].startswith("//")
        at = _after_space(text, last)
    return last, to_line_end


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._is_plain = True
        self._decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode

    def refuse(self, at: int, problem: str) -> NoReturn:
        line = self._text.count("\n", 0, at) + 1
        column = at - (self._text.rfind("\n", 0, at) + 1) + 1
        raise HostError(f"line {line}, column {column}: {problem}")

    def skip(self, at: int) -> int:
        """Over spaces and comments."""
        at = _after_space(self._text, at)
        while self._text.startswith("/", at):
            comment = _COMMENT.match(self._text, at)
            if comment is None:
                self.refuse(at, "a comment that does not end")
            at = _after_space(self._text, comment.end())
        return at

    def value(self, at: int, depth: int) -> Node:
        opening = self._text[at : at + 1]
        if opening not in _CLOSING or not opening:
            return self._plain(at)
        if depth >= _DEEPEST:
            self.refuse(at, "too many levels")
        if depth >= _EDITED_DEPTH and self._is_plain:
            try:
                return self._plain(at)
            except (HostError, RecursionError):
                # It has comments or trailing commas inside, as others will have, too, and to find
                # that out takes long; or there is something wrong, to be named below.
                self._is_plain = False
        return self._container(at, depth)

    def _plain(self, at: int) -> Node:
        try:
            value, end = self._decode(self._text, at)
        except json.JSONDecodeError as error:
            problem = error.msg.removesuffix(" at").removesuffix(" starting")
            self.refuse(error.pos, problem[0].lower() + problem[1:])
        except ValueError as error:
            self.refuse(at, str(error))
        return Node(at, end, value)

    def _container(self, start: int, depth: int) -> Node:
        opening = self._text[start]
        children: list[Child] = []
        at = self.skip(start + 1)
        while self._text[at : at + 1] != _CLOSING[opening]:
            if children and children[-1].comma is None:
                self.refuse(at, f"a comma or {_CLOSING[opening]!r} was expected")
            child = self._child(at, opening == "{", depth + 1)
            children.append(child)
            at = self.skip(child.node.end if child.comma is None else child.comma + 1)
        return Node(start, at + 1, _value_of(opening, children), tuple(children))

    def _child(self, start: int, has_key: bool, depth: int) -> Child:
        key, at = None, start
        if has_key:
            key, at = self._key(start)
        node = self.value(at, depth)
        after = self.skip(node.end)
        comma = after if self._text.startswith(",", after) else None
        return Child(start, key, node, comma)

    def _key(self, at: int) -> tuple[str, int]:
        if not self._text.startswith('"', at):
            self.refuse(at, "a name in double quotes was expected")
        key = self._plain(at)
        colon = self.skip(key.end)
        if not self._text.startswith(":", colon):
            self.refuse(colon, "a colon was expected")
        return str(key.value), self.skip(colon + 1)


def _value_of(opening: str, children: list[Child]) -> Json:
    if opening == "[":
        return [child.node.value for child in children]
    return {str(child.key): child.node.value for child in children}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

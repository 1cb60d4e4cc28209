"""Puts values into a JSON file with comments, and takes them out, around everything else."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sent_mcp.hosts.host import HostError, Json
from sent_mcp.hosts.json_tree import Child, Node, comments_end, parse

_JSON_SPACE = " \t\r\n"
_INDENT = re.compile(r"[ \t]*")
_HALF = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\r]*(?:\n|$)")


def read(text: str) -> dict[str, Json]:
    """What the file says; nothing said is an empty object. Raises HostError."""
    root = parse(text)
    if root is None:
        return {}
    if not isinstance(root.value, dict):
        raise HostError("line 1: an object was expected, in { and }")
    return root.value


def put(text: str, path: Sequence[str], value: Json) -> str:
    """The text with the value at the path, whether or not something is there. Raises HostError."""
    layout = _Layout.of(text)
    node = parse(text)
    if node is None:
        gap = "" if not text or text.endswith("\n") else layout.newline
        return text + gap + layout.show(_nested(path, value), "") + layout.newline
    for depth, key in enumerate(path):
        child = _member(text, node, key)
        if child is None:
            return _added(text, node, key, _nested(path[depth + 1 :], value), layout)
        node = child.node
    shown = layout.show(value, _indent(text, node.start))
    if "\n" not in text[node.start : node.end] and value:
        shown = layout.show_flat(value)
    return text[: node.start] + shown + text[node.end :]


def add(text: str, path: Sequence[str], item: Json) -> str:
    """The text with one more item in the array at the path, which is made. Raises HostError."""
    node = parse(text)
    for key in path:
        child = _member(text, node, key) if node else None
        node = child.node if child else None
    if node is None:
        return put(text, path, [item])
    if not isinstance(node.value, list):
        raise HostError(f"{_named(path)} is no list")
    return _added(text, node, None, item, _Layout.of(text))


def drop(text: str, path: Sequence[str], item: int | None = None) -> str:
    """The text without what is at the path, or without that item of it. Raises HostError."""
    node = parse(text)
    parent, index = None, -1
    for key in path:
        parent = node
        child = _member(text, node, key) if node else None
        if child is None or parent is None:
            raise HostError(f"{_named(path)} is not there")
        index = parent.children.index(child)
        node = child.node
    if item is not None:
        parent, index = node, item
    assert parent is not None, "the path is not empty"
    return _without(text, parent, index)


def _member(text: str, node: Node, key: str) -> Child | None:
    if not isinstance(node.value, dict):
        line = text.count("\n", 0, node.start) + 1
        raise HostError(f"line {line}: an object was expected, in {{ and }}")
    found = [child for child in node.children if child.key == key]
    if len(found) > 1:
        line = text.count("\n", 0, found[1].start) + 1
        raise HostError(f'line {line}: there is a second "{key}"')
    return found[0] if found else None


def _added(text: str, node: Node, key: str | None, value: Json, layout: "_Layout") -> str:
    if not node.children:
        return _added_to_empty(text, node, key, value, layout)
    last = node.children[-1]
    end = last.node.end if last.comma is None else last.comma + 1
    if "\n" in text[node.start : node.end]:
        indent = _indent(text, last.start)
        member = layout.newline + indent + _prefix(key) + layout.show(value, indent)
    else:
        member = f" {_prefix(key)}{layout.show_flat(value)}"
    # A comment on the line of the last value is about that value.
    place, _ = comments_end(text, end, min(_line_end(text, end), node.end))
    if last.comma is None:
        return text[:end] + "," + text[end:place] + member + text[place:]
    return text[:place] + member + "," + text[place:]


def _added_to_empty(text: str, node: Node, key: str | None, value: Json, layout: "_Layout") -> str:
    outer = _indent(text, node.start)
    inner = outer + layout.unit
    place, _ = comments_end(text, node.start + 1, node.end)
    member = layout.newline + inner + _prefix(key) + layout.show(value, inner)
    closing = "" if "\n" in text[place : node.end] else layout.newline + outer
    return text[:place] + member + closing + text[place:]


def _without(text: str, parent: Node, index: int) -> str:
    child = parent.children[index]
    before = parent.children[index - 1] if index else None
    start = parent.start + 1
    if before is not None:
        start = before.node.end if before.comma is None else before.comma + 1
    place, in_comment = comments_end(text, start, child.start)
    end = child.node.end if child.comma is None else child.comma + 1
    if in_comment and not _BLANK.match(text, end):
        # What follows on the line must not end up in a comment.
        place = child.start
        end = len(text) - len(text[end:].lstrip(" \t"))
    kept = text[:place]
    if child.comma is None and before is not None and before.comma is not None:
        kept = text[: before.comma] + text[before.comma + 1 : place]
    rest = text[end:]
    if len(parent.children) == 1 and not kept[parent.start + 1 :].strip():
        # What has become empty closes at once.
        return kept[: parent.start + 1] + rest.lstrip(_JSON_SPACE)
    return kept + rest


def _nested(path: Sequence[str], value: Json) -> Json:
    for key in reversed(path):
        value = {key: value}
    return value


def _named(path: Sequence[str]) -> str:
    return ".".join(path)


def _prefix(key: str | None) -> str:
    return "" if key is None else f"{json.dumps(key)}: "


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _indent(text: str, at: int) -> str:
    """The spaces at the start of the line."""
    start = text.rfind("\n", 0, at) + 1
    found = _INDENT.match(text, start, at)
    return found[0] if found else ""


@dataclass(frozen=True)
class _Layout:
    newline: str
    unit: str

    @staticmethod
    def of(text: str) -> "_Layout":
        """How a file is written; two spaces where it does not tell."""
        indented = re.search(r"^[ \t]+(?=\")", text, re.MULTILINE)
        return _Layout("\r\n" if "\r\n" in text else "\n", indented[0] if indented else "  ")

    def show(self, value: Json, indent: str) -> str:
        """The value on several lines, but a list of plain values on one."""
        inner = indent + self.unit
        if isinstance(value, dict) and value:
            members = [_prefix(key) + self.show(one, inner) for key, one in value.items()]
            return self._lines("{", members, "}", indent)
        if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            return self._lines("[", [self.show(one, inner) for one in value], "]", indent)
        return self.show_flat(value)

    def show_flat(self, value: Json) -> str:
        shown = json.dumps(value, ensure_ascii=False)
        # Half a character can stand in a file only as its number.
        return json.dumps(value) if _HALF.search(shown) else shown

    def _lines(self, opening: str, members: list[str], closing: str, indent: str) -> str:
        between = self.newline + indent
        body = ",".join(f"{between}{self.unit}{member}" for member in members)
        return f"{opening}{body}{between}{closing}"

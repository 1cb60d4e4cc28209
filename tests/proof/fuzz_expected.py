"""What a line must be answered with, by the book: JSON-RPC 2.0 and MCP's stdio transport."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from sent_mcp.serving.lines import MOST_BYTES

Id = int | str | None
_DEEPEST = 100
"""Whoever nests deeper may be refused or not: no parser promises more, RFC 8259, 9."""
_LONGEST_NUMBER = 300


@dataclass
class Expected:
    """How many answers each id must have: at least and at most."""

    least: Counter[Id] = field(default_factory=Counter[Id])
    most: Counter[Id] = field(default_factory=Counter[Id])
    cancelled: set[str] = field(default_factory=set[str])

    def line(self, line: bytes) -> None:
        """Count what one line asks for."""
        if len(line) > MOST_BYTES:
            self._one(None)
        elif line.strip(b" \t\r"):
            self._value(line)

    def missing(self, answered: Counter[Id]) -> list[Id]:
        """What must still be answered."""
        open_ids = (each for each in self.least if str(each) not in self.cancelled)
        return [each for each in open_ids if answered[each] < self.least[each]]

    def wrong(self, answered: Counter[Id]) -> Iterable[str]:
        """What was answered too often or not at all."""
        for each in {*self.most, *answered}:
            least = 0 if str(each) in self.cancelled else self.least[each]
            if not least <= answered[each] <= self.most[each]:
                yield f"id {each!r:.60} has {answered[each]} answers, not {self.least[each]}"

    def _value(self, line: bytes) -> None:
        depth = max(line.count(b"["), line.count(b"{"))
        try:
            value: Any = json.loads(line.decode(), parse_constant=_refused)
        except RecursionError:
            self._maybe(None)
        except ValueError:
            self._one(None)
        else:
            self._message(value, unsure=depth > _DEEPEST or _has_half(value))

    def _message(self, value: Any, *, unsure: bool) -> None:
        if not isinstance(value, dict):
            self._one(None)
            return
        whole = cast("dict[str, Any]", value)
        found = whole.get("id")
        number = found if isinstance(found, int | str) and not isinstance(found, bool) else None
        if "method" not in whole:
            self._response(whole, unsure=unsure)
            return
        wrong = _is_wrong(whole)
        if whole["method"] == "notifications/cancelled" and not wrong:
            params = cast("dict[str, Any]", whole.get("params") or {})
            self.cancelled.add(str(params.get("requestId")))
        if unsure:
            # Refused as a whole, with the id or without, or taken.
            self._either(number)
        elif wrong or "id" in whole:
            self._one(number if "id" in whole else None)

    def _response(self, whole: dict[str, Any], *, unsure: bool) -> None:
        error, result = whole.get("error"), whole.get("result")
        plain = whole.get("jsonrpc") == "2.0" and type(whole.get("id")) in (int, str)
        fits = isinstance(result, dict) if "result" in whole else _is_error(error)
        if not plain or not fits:
            # How exactly a response may be wrong is nothing that anybody waits for.
            self._maybe(None)
        if "result" not in whole and "error" not in whole and not unsure:
            self.least[None] += 1

    def _one(self, number: Id) -> None:
        self.least[number] += 1
        self.most[number] += 1

    def _maybe(self, number: Id) -> None:
        self.most[number] += 1

    def _either(self, number: Id) -> None:
        self.most[number] += 1
        if number is not None:
            self.most[None] += 1


def _is_wrong(whole: dict[str, Any]) -> bool:
    number = whole.get("id", 0)
    return (
        whole.get("jsonrpc") != "2.0"
        or not isinstance(whole["method"], str)
        or isinstance(number, bool)
        or not isinstance(number, int | str)
        or not isinstance(whole.get("params"), dict | None)
    )


def _is_error(error: Any) -> bool:
    if not isinstance(error, dict):
        return False
    inner = cast("dict[str, Any]", error)
    return type(inner.get("code")) is int and isinstance(inner.get("message"), str)


def _has_half(value: Any) -> bool:
    return "\\ud" in json.dumps(value) and not _is_text(json.dumps(value, ensure_ascii=False))


def _is_text(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text


def _refused(constant: str) -> None:
    raise ValueError(constant)

"""Faults: API requests that are refused, delayed, cut off or answered with nonsense on purpose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

KINDS: Final = ("status", "delay", "drop_before", "drop_after", "truncate", "garbage")
_KEYS: Final = frozenset({"match", "times", "kind", "status", "seconds", "retry_after", "code"})
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_LONGEST_DELAY: Final = 3600.0


class FaultError(ValueError):
    """A description of a fault that cannot be followed; the text says why."""


@dataclass(frozen=True)
class Fault:
    method: str
    prefix: str
    times: int
    kind: str
    status: int | None
    seconds: float
    retry_after: float | None
    code: str | None = None
    """The error code of the answer; none: the usual one of its status."""


class Faults:
    """The faults in force; the first that matches and has times left is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        """Puts these faults in the place of all others."""
        self._faults = faults

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, used up by one."""
        for index, fault in enumerate(self._faults):
            if fault.times and fault.method == method and path.startswith(fault.prefix):
                self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None


def read_faults(body: object) -> list[Fault]:
    """The faults described in a control request; raises `FaultError`."""
    if not isinstance(body, list):
        raise FaultError("the body must be a list of faults")
    return [_read_fault(item) for item in cast("list[object]", body)]


def _read_fault(item: object) -> Fault:
    if not isinstance(item, dict):
        raise FaultError("a fault must be an object")
    fault = cast("Mapping[str, object]", item)
    unknown = sorted(set(fault) - _KEYS)
    if unknown:
        raise FaultError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(_KEYS))}")
    kind = fault.get("kind")
    if kind not in KINDS:
        raise FaultError(f"kind must be one of: {', '.join(KINDS)}")
    method, prefix = _read_match(fault.get("match"))
    times = _number(fault, "times", 1, 1_000_000)
    status = _number(fault, "status", 200, 599)
    seconds = _number(fault, "seconds", 0, _LONGEST_DELAY)
    return Fault(
        method=method,
        prefix=prefix,
        times=1 if times is None else int(times),
        kind=str(kind),
        status=None if status is None else int(status),
        seconds=1.0 if seconds is None else seconds,
        retry_after=_number(fault, "retry_after", 0, _LONGEST_DELAY),
        code=_code(fault.get("code")),
    )


def _code(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", value):
        raise FaultError('code must be an error code, as in "AUTH_006"')
    return value


def _read_match(match: object) -> tuple[str, str]:
    method, _, prefix = match.partition(" ") if isinstance(match, str) else ("", "", "")
    if method not in _METHODS or not prefix.startswith("/"):
        raise FaultError('match must be a method and a path prefix, as in "POST /v3/messages"')
    return method, prefix


def _number(fault: Mapping[str, object], name: str, least: float, most: float) -> float | None:
    value = fault.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise FaultError(f"{name} must be a number from {least} to {most:g}")
    if name in ("times", "status") and value != int(value):
        raise FaultError(f"{name} must be a whole number")
    return value

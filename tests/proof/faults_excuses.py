"""What a fault explains: the codes an error may carry because of it, and how soon it may come.

Several lanes share the emulator, and nobody sees which of them used up a fault. So one excuses any
call during which it stood, but only an error with a code of its own, and only when the client can
have given up by then. What passes by itself is tried again (tests/client/test_retries.py): such an
error needs four hits on the same request, or a next wait that no longer fits into the call's time.
A call whose faults hit less often has to succeed, unless so much time has gone by.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.proof.faults_plan import DEFINITE
from tests.proof.faults_site import CALL_SECONDS
from tests.proof.hosts import Reply

Json = dict[str, Any]
CODES: Mapping[int, str] = {
    400: "VALIDATION_001",
    402: "BUSINESS_003",
    403: "AUTH_004",
    408: "VALIDATION_001",
    409: "CONFLICT_001",
    422: "BUSINESS_006",
    429: "BUSINESS_002",
    500: "INTERNAL_001",
    502: "INTERNAL_003",
    503: "SERVICE_001",
    504: "INTERNAL_004",
}
"""What the emulator sends with a status it was told to answer with, unless it was told a code."""
READS = ("GET /v3/contacts", "GET /v3/templates")
REQUESTS: Mapping[str, tuple[str, ...]] = {
    "list_contacts": ("GET /v3/contacts",),
    "get_contact": ("GET /v3/contacts",),
    "find_contact_by_phone": ("GET /v3/contacts",),
    "check_phone_numbers": ("GET /v3/contacts",),
    "create_contact": ("GET /v3/contacts",),
    "update_contact": ("GET /v3/contacts",),
    "delete_contact": ("GET /v3/contacts",),
    "import_contacts": ("GET /v3/contacts",),
    "get_message": ("GET /v3/messages",),
    "list_templates": ("GET /v3/templates",),
    "lookup_number": ("GET /v3/numbers",),
}
"""What each tool reads, by the beginnings; a send reads contacts and templates."""
ATTEMPTS = 4
FIRST_WAIT, SHORTER, LONGER, LONGER_THAN_ASKED = 0.5, 0.75, 1.25, 1.1
"""The wait before the second attempt, which doubles, and how far each may be off."""
MARGIN = 1.0
"""What the client keeps back of the caller's time."""
_TO_ANSWER = {"check_phone_numbers": CALL_SECONDS / 4, "import_contacts": CALL_SECONDS / 3}
"""What these tools keep back besides, of the time in which they read contacts."""
_CLOCKS = 0.02
_IS_ALL = 1_000_000
_CAUSE = re.compile(
    r"No usable answer came back \((\w+)\)|no usable answer came back to the change \((\w+):"
)


@dataclass(frozen=True)
class _Spell:
    """How long a fault stood, by our own clock: no shorter than it did."""

    fault: Json
    since: float
    until: float = math.inf


@dataclass
class Sky:
    """The faults of one round, and when each of them stood."""

    _spells: list[_Spell] = field(default_factory=list[_Spell])
    _newest: list[_Spell] = field(default_factory=list[_Spell])

    def before(self, wave: Sequence[Json]) -> None:
        """The emulator is about to be told these instead of those it has."""
        self._newest = [_Spell(fault, time.monotonic()) for fault in wave]

    def after(self) -> None:
        """It has them now. What a delay has caught stays on its way for as long as that says."""
        now = time.monotonic()
        closed = [
            each if each.until < math.inf else replace(each, until=now + _lasting(each.fault))
            for each in self._spells
        ]
        self._spells = [*closed, *self._newest]
        self._newest = []

    def explains(self, reply: Reply, tool: str, request: str = "") -> bool:
        """Whether this end of a call that was made until just now may be due to its faults."""
        return self.excuses(reason(reply), reply.seconds, tool, request)

    def excuses(self, code: str, seconds: float, tool: str, request: str = "") -> bool:
        """Whether such an error may come so many seconds after the beginning of such a call."""
        requests = [*REQUESTS.get(tool, READS), *([request] if request else [])]
        met = self._met(requests, seconds)
        seconds += _CLOCKS
        if code == "TIMEOUT":
            # A machine that is busy needs no fault for it, and retries of any cost time, too.
            is_late = seconds > CALL_SECONDS / 2
            return is_late or any(seconds >= _end(each, tool) for each in met)
        if code == "CONNECTION_ERROR" and tool == "lookup_number":
            # What costs money is not tried again, and Sent may end an idle connection just then.
            return True
        return any(code in codes(each) and seconds >= soonest(each, met, tool) for each in met)

    def _met(self, requests: Sequence[str], seconds: float) -> list[Json]:
        """The faults that stood at any time in these last seconds, for one of these requests."""
        began = time.monotonic() - seconds - _CLOCKS
        return [
            each.fault
            for each in (*self._spells, *self._newest)
            if each.until >= began
            and any(request.startswith(each.fault["match"]) for request in requests)
        ]


def reason(reply: Reply) -> str:
    """The code of what kept a call from its end; for an open outcome, of what left it open."""
    found = _CAUSE.search(reply.text)
    return reply.status if found is None else found[1] or found[2]


def codes(fault: Json) -> tuple[str, ...]:
    """Those an error may carry because of it, besides TIMEOUT, which is a matter of time."""
    match fault["kind"]:
        case "status":
            return (fault.get("code") or CODES[fault["status"]],)
        case "garbage":
            status = fault["status"]
            return ("UNREADABLE_ANSWER" if status < 300 else f"HTTP_{status}",)
        case "delay":
            # Sent's own answer to a key whose first request is still on its way.
            return () if fault["match"].startswith("GET") else ("CONFLICT_001",)
        case _:
            return ("CONNECTION_ERROR",)


def soonest(fault: Json, met: Sequence[Json], tool: str) -> float:
    """How many seconds after its beginning a call among these faults may give up with this one."""
    if _is_final(fault, tool):
        return 0.0
    same = [each for each in met if _meet(each, fault) and not _is_final(each, tool)]
    asked = [each["retry_after"] for each in same if "retry_after" in each for _ in _hits(each)]
    most = min(ATTEMPTS, sum(len(_hits(each)) for each in same))
    end = _end(fault, tool)
    return min(_giving_up(number, fault, sorted(asked), end) for number in range(1, most + 1))


def _giving_up(number: int, fault: Json, asked: Sequence[float], end: float) -> float:
    """The same for an end at the attempt with this number, where Sent may ask for such waits."""
    waits = [SHORTER * FIRST_WAIT * 2**each for each in range(number - 1)]
    for place, seconds in zip(reversed(range(len(waits))), asked, strict=False):
        waits[place] = min(waits[place], seconds)
    if number == ATTEMPTS:
        return sum(waits)
    doubled = LONGER * FIRST_WAIT * 2 ** (number - 1)
    longest = LONGER_THAN_ASKED * fault["retry_after"] if "retry_after" in fault else doubled
    return max(sum(waits), end - longest)


def _is_final(fault: Json, tool: str) -> bool:
    """Whether the request that it hits is not made again."""
    status = fault.get("status", 0)
    if fault["kind"] == "garbage" and status < 500:
        return True
    if fault["kind"] == "status" and status in DEFINITE:
        return True
    # A look-up that may have been charged is not repeated; these two were not executed.
    return tool == "lookup_number" and not (fault["kind"] == "status" and status in (429, 503))


def _meet(one: Json, other: Json) -> bool:
    """Whether both may hit the same request: `GET /v3/me` hits messages, too."""
    matches = one["match"], other["match"]
    return matches[0].startswith(matches[1]) or matches[1].startswith(matches[0])


def _end(fault: Json, tool: str) -> float:
    """When the client stops trying, in seconds after the beginning of a call, at the soonest."""
    left = CALL_SECONDS - MARGIN
    method, _, path = fault["match"].partition(" ")
    if method == "GET":
        return left - _TO_ANSWER.get(tool, 0.0)
    # Half of it is kept for reading what became of a change, except of a send.
    return left if path.startswith("/v3/messages") else left / 2


def _hits(fault: Json) -> range:
    # While a request is delayed, every other one with its key is refused.
    return range(_IS_ALL if fault["kind"] == "delay" else fault["times"])


def _lasting(fault: Json) -> float:
    return fault["seconds"] if fault["kind"] == "delay" else 0.0

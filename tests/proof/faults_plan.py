"""What is tried, drawn from the seed alone: what each lane does, and what goes wrong meanwhile."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
PEOPLE, STEPS = 24, 5
"""How many numbers a lane has, and how many steps it takes in a round."""
READS = {
    "list": 9,
    "get": 8,
    "find": 12,
    "check": 7,
    "message": 8,
    "templates": 3,
    "lookup": 3,
    "burst": 4,
}
CHANGES = {
    "create": 11,
    "default": 6,
    "metadata": 1,
    "stop": 6,
    "lift": 6,
    "delete": 12,
    "send": 16,
    "unsendable": 2,
    "import": 4,
    "dry": 4,
}
HOWS = {"yes": 48, "no": 5, "left": 4, "expired": 11, "changed": 14, "other": 9, "twice": 9}
"""What becomes of a question: agreed to, declined, left unanswered, answered too late, after a
change, with other arguments, or twice."""
GETS = ("/v3/contacts", "/v3/messages", "/v3/templates", "/v3/me", "/v3/numbers")
ALTERATIONS = (
    "POST /v3/contacts",
    "POST /v3/messages",
    "PATCH /v3/contacts",
    "DELETE /v3/contacts",
)
PASSING = (408, 409, 429, 500, 502, 503, 504)
DEFINITE = (400, 402, 403, 422)
LONG_SECONDS = (4.0, 6.5)


@dataclass(frozen=True)
class Step:
    """One thing a lane does. `details` is the seed of everything else about it."""

    kind: str
    person: int
    how: str
    form: bool
    details: int

    @property
    def random(self) -> random.Random:
        """Draws the details, the same each time."""
        return random.Random(self.details)


@dataclass(frozen=True)
class Round:
    """What goes wrong in two waves, what the lanes do, and how time passes afterwards.

    `advance` is for the emulator's clock; `forget`: ten minutes pass for those who count changes.
    """

    waves: tuple[tuple[Json, ...], ...]
    steps: tuple[tuple[Step, ...], ...]
    advance: float
    forget: bool

    @property
    def faults(self) -> list[Json]:
        """Those of both waves."""
        return [fault for wave in self.waves for fault in wave]

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong, so that no error is excused."""
        return not self.faults

    @property
    def longest_delay(self) -> float:
        """How long a change may take to be executed."""
        late = (
            fault["seconds"]
            for fault in self.faults
            if fault["kind"] == "delay" and not fault["match"].startswith("GET")
        )
        return max(late, default=0.0)

    def hits(self, requests: Sequence[str]) -> list[Json]:
        """The faults that may have met one of these requests, by their beginnings."""
        return [fault for fault in self.faults if _meets(fault["match"], requests)]

    def leaves_in_doubt(self, request: str) -> bool:
        """Whether something may have kept the answer to such a change from arriving."""
        return any(
            fault["kind"] != "status" or fault["status"] in PASSING
            for fault in self.hits([request])
        )


def _meets(match: str, requests: Sequence[str]) -> bool:
    return any(request.startswith(match) for request in requests)


def rounds(seed: int, lanes: int, count: int) -> Sequence[Round]:
    """So many rounds."""
    return [_round(random.Random(f"{seed} {number}"), lanes) for number in range(count)]


def _round(draw: random.Random, lanes: int) -> Round:
    weather = draw.choices(("calm", "light", "heavy"), (15, 60, 25))[0]
    waves: list[tuple[Json, ...]] = []
    if weather != "calm":
        definite = {request: draw.random() < 0.3 for request in ALTERATIONS}
        waves = [tuple(_wave(draw, weather == "heavy", definite)) for _ in range(2)]
    steps = tuple(tuple(_step(draw) for _ in range(STEPS)) for _ in range(lanes))
    advance = draw.choice((0.0, 0.0, 3.0, 30.0, 61.0, 900.0))
    return Round(tuple(waves), steps, advance, forget=draw.random() < 0.6)


def _wave(draw: random.Random, heavy: bool, definite: dict[str, bool]) -> Sequence[Json]:
    return [_fault(draw, heavy, definite) for _ in range(draw.randint(8, 20 if heavy else 12))]


def _fault(draw: random.Random, heavy: bool, definite: dict[str, bool]) -> Json:
    """One. A definite no never follows, in a round, on an answer that was lost on its way.

    Sent would repeat the lost answer instead of a refusal, and a fault cannot.
    """
    if draw.random() < 0.35:
        match, sure = f"GET {draw.choices(GETS, (6, 2, 1, 1, 1))[0]}", True
    else:
        match = draw.choice(ALTERATIONS)
        sure = definite[match]
    times = draw.choice((1, 2, 4, 8) if heavy else (1, 2, 4))
    kinds = ("status", "delay", "drop_before", "drop_after", "drop_after", "truncate", "garbage")
    if sure and not match.startswith("GET"):
        kinds = ("status", "status", "drop_before")
    kind = draw.choice(kinds)
    fault: Json = {"match": match, "times": times, "kind": kind}
    if kind == "status":
        fault["status"] = draw.choice((*PASSING, *DEFINITE) if sure else PASSING)
        if fault["status"] == 400 and _meets(match, ["GET /v3/messages"]):
            # That is what Sent says to an id that is none.
            fault["status"] = 422
        if fault["status"] == 429 or draw.random() < 0.1:
            fault["retry_after"] = draw.choice((0.05, 0.3, 1.0))
    if kind == "delay":
        fault["seconds"] = draw.choice((0.2, 0.5, 1.0, *LONG_SECONDS[: 1 + heavy]))
    if kind == "garbage":
        fault["status"] = draw.choice((200, 200, 403, 404, 500, 502))
    return fault


def _step(draw: random.Random) -> Step:
    weights = {**READS, **CHANGES}
    return Step(
        kind=draw.choices([*weights], [*weights.values()])[0],
        person=draw.randrange(PEOPLE),
        how=draw.choices([*HOWS], [*HOWS.values()])[0],
        form=draw.random() < 0.5,
        details=draw.randrange(2**32),
    )

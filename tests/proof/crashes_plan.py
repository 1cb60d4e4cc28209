"""When which server is killed during what, drawn from the seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.proof.crashes_actions import KINDS

TRACKS = 6
MOMENTS = {"acting": 50, "arrived": 22, "asking": 8, "answered": 8, "again": 8, "starting": 4}
"""While it acts, once Sent has the request, while it asks, once it has answered, while the same is
asked for again, or while it starts."""


@dataclass(frozen=True)
class Trial:
    """One kill: `at` is the part of the time that this usually takes, or seconds after an event.

    `form`: approved by a form of 2026-07-28 instead of a token. `twins`: afterwards two servers
    get the same request at the same time. `lost`: an answer of Sent's is lost, too.
    """

    number: int
    kind: str
    moment: str
    at: float
    form: bool
    twins: bool
    lost: bool

    def __str__(self) -> str:
        how = "form" if self.form else "token"
        more = "".join(f", {name}" for name in ("twins", "lost") if getattr(self, name))
        return f"kill {self.number}: {self.kind} by {how}, {self.moment} at {self.at:.2f}{more}"


def trials(seed: int, count: int) -> Sequence[Trial]:
    """So many."""
    draw = random.Random(f"crashes {seed}")
    return [_trial(draw, number) for number in range(count)]


def _trial(draw: random.Random, number: int) -> Trial:
    moment = draw.choices([*MOMENTS], [*MOMENTS.values()])[0]
    return Trial(
        number,
        draw.choice(KINDS),
        moment,
        draw.uniform(0.0, 0.2) if moment == "arrived" else draw.uniform(0.0, 1.15),
        form=draw.random() < 0.4,
        twins=draw.random() < 0.2,
        lost=draw.random() < 0.2,
    )

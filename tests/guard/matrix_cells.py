"""Every kind of host × action × circumstance, and which of them make no sense."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from urllib.parse import quote

from tests.door import Door
from tests.guard.hosts import (
    ACCEPTS,
    ERAS,
    FAILS,
    HANDSHAKE,
    KINDS,
    MODERN,
    PLAIN,
    Kind,
    at_sent,
)
from tests.guard.matrix_actions import ACTIONS, Action
from tests.guard.matrix_circumstances import (
    CHANGED,
    CIRCUMSTANCES,
    CREATIONS,
    MODES,
    OF_THE_CLIENT,
    Circumstance,
    in_one_call,
    mode_ask,
    mode_off,
    mode_token,
    plain,
    unanswered,
)
from tests.guard.matrix_stages import Stage, by_form, by_token


@dataclass(frozen=True)
class Cell:
    """One combination."""

    era: str
    kind: Kind
    action: Action
    circumstance: Circumstance

    @property
    def id(self) -> str:
        """As it is shown in a report."""
        era = "handshake" if self.era == HANDSHAKE else self.era
        circumstance = self.circumstance.__name__.replace("_", "-")
        return f"{era}-{self.kind.name}-{self.action.name}-{circumstance}"

    @property
    def left_out(self) -> str | None:
        """Why this combination makes no sense; None for one that does."""
        if self.circumstance in CHANGED and self.action.tool in CREATIONS:
            return "before a creation there is no record to show"
        if self.circumstance in (mode_token, mode_off) and self.kind.name not in (
            PLAIN.name,
            ACCEPTS.name,
        ):
            return "in this mode no form is shown, so the hosts that show forms are all alike"
        if self.circumstance is mode_ask and self.kind.seconds:
            return "a host that takes its time is like one that declines, in this mode too"
        if self.circumstance in MODES:
            return None
        return self._left_out_where_forms_count

    @property
    def _left_out_where_forms_count(self) -> str | None:
        if self.kind.seconds and self.waits and self.circumstance in CHANGED:
            return (
                "a host that takes its time is like one that declines, whatever happens meanwhile"
            )
        if self.circumstance in OF_THE_CLIENT and not self.asks_between_calls:
            return "where the question is no answer to a call, a client has no rounds to make"
        if self.falls_back:
            return None
        if self.kind is FAILS and self.circumstance is not plain:
            return "a host that fails brings no answer, so there is no second call"
        if self.era == HANDSHAKE and self.circumstance not in (plain, *CHANGED):
            return "a form in an open call leaves nothing that a second call could bring"
        return None

    @property
    def falls_back(self) -> bool:
        """Whether the server sees that no form was shown."""
        return self.era in self.kind.falls_back

    @property
    def waits(self) -> bool:
        """Whether the time a host takes really passes."""
        return self.era == HANDSHAKE or self.circumstance in OF_THE_CLIENT

    @property
    def asks_between_calls(self) -> bool:
        """Whether the question is the answer to a call."""
        return self.era == MODERN and not self.falls_back

    async def play(self, stage: Stage) -> None:
        """Do it."""
        if self.falls_back:
            await self.circumstance(stage, by_token)
        elif self.circumstance in MODES:
            await self.circumstance(stage, by_form)
        elif self.kind is FAILS:
            await unanswered(stage)
        elif self.era == HANDSHAKE:
            await in_one_call(stage, self.circumstance)
        else:
            await self.circumstance(stage, by_form)


def combinations() -> Iterator[Cell]:
    """All of them."""
    for era, kind, action, circumstance in product(ERAS, KINDS, ACTIONS, CIRCUMSTANCES):
        yield Cell(era, kind, action, circumstance)


def _names(kinds: Sequence[Kind]) -> set[str]:
    return {kind.name for kind in kinds}


def over_http() -> Iterator[Cell]:
    """Those of a server that keeps no session: of a handshake-era host it knows nothing."""
    unseen = [replace(kind, unseen=True, falls_back=ERAS) for kind in (PLAIN, ACCEPTS)]
    for action, circumstance in product(ACTIONS, CIRCUMSTANCES):
        for kind in unseen:
            yield Cell(HANDSHAKE, kind, action, circumstance)
        for kind in KINDS:
            yield Cell(MODERN, kind, action, circumstance)


CELLS: Sequence[Cell] = [cell for cell in combinations() if cell.left_out is None]
HTTP_CELLS: Sequence[Cell] = [cell for cell in over_http() if cell.left_out is None]
TYPICAL = (PLAIN, ACCEPTS)
HTTP_SAMPLE: Sequence[Cell] = [
    cell for cell in HTTP_CELLS if cell.circumstance is plain or cell.kind.name in _names(TYPICAL)
]
"""Every host once; one without forms, and one with, in every circumstance."""
LEFT_OUT = {cell.id: cell.left_out for cell in combinations() if cell.left_out is not None}


async def ten_before(door: Door) -> None:
    """Ten contacts are created, which nobody is asked about."""
    for number in range(10):
        given = {"phone_number": f"+141555520{number:02d}"}
        said = await door.client.call_tool("create_contact", given)
        assert (said.structured_content or {})["status"] == "created"


async def found(door: Door, number: str) -> str:
    """The id of the contact with this number."""
    answer = await at_sent(door, "GET", f"/v3/contacts?phone={quote(number)}")
    return answer["data"]["contacts"][0]["id"]

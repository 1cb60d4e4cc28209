"""One lane: its numbers, its host, what it has sent, and how each of its calls is judged."""

import base64
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.faults_excuses import Sky
from tests.proof.faults_host import Answer, Host, LostError
from tests.proof.faults_plan import Round
from tests.proof.faults_site import CALL_SECONDS, Site
from tests.proof.hosts import Reply
from tests.proof.model import Change, Outbox, Person, Span, Wrong

Json = dict[str, Any]
FREE = 10
LATE_SECONDS = 6.0
"""How much longer than its own limit a call may take on a machine that is busy."""
ACTING_SECONDS = 5.0
"""What an approved change gets, however little is left of its call."""


@dataclass
class Ledger:
    """What came of all calls so far."""

    calls: int = 0
    right: int = 0
    excused: int = 0
    unknown: int = 0
    lost: int = 0
    doubled: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list[str])
    gone: int = 0


@dataclass
class Tally:
    """What one server counts about its caller: changes nobody was asked about, and refusals.

    `least` is what is known to count, `counted` what may, and `begun` what was begun this round.
    """

    state: Path
    least: int = 0
    counted: int = 0
    begun: int = 0
    declined: int = 0
    may_be_declined: int = 0

    @property
    def most(self) -> int:
        """What may count at any time in this round."""
        return self.counted + self.begun

    def pass_time(self, *, changes: bool) -> None:
        """Ten minutes later for refusals, and for changes too."""
        with closing(sqlite3.connect(self.state, timeout=20)) as db, db:
            db.execute("UPDATE declines SET at = at - 700")
            if changes:
                db.execute("UPDATE changes SET at = at - 700")
        self.declined = self.may_be_declined = self.begun = 0
        if changes:
            self.least = self.counted = 0

    def expire(self, token: str) -> None:
        """The question that this token or state belongs to was asked five minutes earlier."""
        packed = token.rpartition("cf_")[2].removeprefix("form_")
        approval = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))[:9].hex()
        with closing(sqlite3.connect(self.state, timeout=20)) as db, db:
            db.execute(
                "UPDATE approvals SET asked_at = asked_at - 301, expires_at = expires_at - 301"
                " WHERE id = ?",
                (approval,),
            )


@dataclass
class Attempt:
    """One change: the call, whom it is about, what it does to each, and what its answer must be.

    `done` looks at an answer that says what was done; `refusals` at the code of a refusal, and
    says whether it is right. `metered` are the contacts it may create or opt out, at least and at
    most, and `counted` how many it did. `request` is the one that makes the change. `is_open`: it
    was done in part. `used` is the token after which its outcome was not known, and
    `settles` that it was tried before with such an end.
    """

    tool: str
    arguments: Json
    people: list[Person]
    made: Change
    request: str
    done: Callable[[Reply, Span], None]
    refusals: Callable[[str], bool]
    always_asked: bool = False
    metered: tuple[int, int] = (0, 0)
    counted: int = 0
    unknown: Callable[[], None] = lambda: None
    other: Json = field(default_factory=dict[str, Any])
    token: str | None = None
    used: str | None = None
    is_open: bool = False
    settles: bool = False

    def binds(self, person: Person) -> bool:
        """Whether an approval of it is bound to this contact's record as it was shown."""
        if self.tool == "send_message":
            return all(each.exists and not each.opt_out for each in person.states)
        return self.tool in ("delete_contact", "update_contact")


@dataclass
class Lane:
    """Calls one after the other, about numbers that nobody else touches."""

    name: str
    host: Host
    site: Site
    tally: Tally
    people: list[Person]
    ledger: Ledger
    outbox: Outbox = field(default_factory=Outbox)
    pending: list[Attempt] = field(default_factory=list[Attempt])
    now: Round = field(default_factory=lambda: Round((), (), 0.0, forget=False))
    sky: Sky = field(default_factory=Sky)
    where: str = ""
    said: list[str] = field(default_factory=list[str])
    sends: int = 0
    spoiled: bool = False

    @property
    def mark(self) -> str:
        """What every question about its numbers contains."""
        return self.people[0].number[:8]

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        changes: bool = False,
        ask: bool = False,
        user: Answer | None = None,
        **more: Any,
    ) -> Reply:
        """One call, counted and timed. Raises LostError, Wrong."""
        most = CALL_SECONDS + LATE_SECONDS + (ACTING_SECONDS if changes else 0.0)
        self.ledger.calls += 1
        self.where = f"call {self.ledger.calls}, {tool} {dict(arguments)}"
        if user is not None:
            self.host.forms.append((self.mark, user))
        try:
            # A form has its user's time besides.
            seconds = most + (20.0 if user is not None else 0.0)
            reply = await self.host.call(tool, arguments, seconds, ask=ask, **more)
        except LostError:
            self.ledger.lost += 1
            raise
        finally:
            if user is not None:
                self.host.forms.remove((self.mark, user))
        self.said.append(f"{tool} {dict(arguments)}: {reply.text.splitlines()[0]}")
        if user is None:
            self.ledger.slowest = max(self.ledger.slowest, reply.seconds)
        if reply.text.startswith(("INTERNAL:", "PROTOCOL:")) or not reply.text.strip():
            raise Wrong(f"{reply.text} {self.host.complaint}")
        return reply

    async def read(self, tool: str, **arguments: Any) -> tuple[Reply | None, Span]:
        """A call that changes nothing; None where a fault excuses that it failed."""
        began = self.site.now
        reply = await self.call(tool, arguments)
        span = (began, self.site.now)
        if reply.is_error and self.excuses(reply, tool):
            self.ledger.excused += 1
            return None, span
        self.ledger.right += 1
        return reply, span

    def excuses(self, reply: Reply, tool: str, request: str = "") -> bool:
        """Whether faults of right now explain this end of such a call, which was just made."""
        return self.sky.explains(reply, tool, request)

    def is_in_doubt(self, reply: Reply, tool: str, request: str) -> bool:
        """Whether they explain that nobody knows what came of such a change."""
        hung = any(fault["kind"] == "delay" for fault in self.now.faults)
        lost = self.now.leaves_in_doubt(request) or (reply.status == "TIMEOUT" and hung)
        return lost and self.excuses(reply, tool, request)

    def excuse(self, reply: Reply, tool: str, request: str) -> None:
        """Count an error or an outcome that is not known, which they explain. Raises Wrong."""
        if reply.status == "outcome_unknown" and self.is_in_doubt(reply, tool, request):
            self.ledger.unknown += 1
        elif reply.is_error and self.excuses(reply, tool, request):
            self.ledger.excused += 1
        else:
            raise Wrong(f"for no reason: {reply.text}")

    def took_its_time(self, reply: Reply) -> bool:
        """Whether a machine that is busy may be why it was not finished."""
        return reply.seconds > CALL_SECONDS / 2

    def about(self, person: Person) -> list[str]:
        """What was said in this round of calls that name this one."""
        names = [name for name in (person.number, person.id) if name]
        return [said for said in self.said if any(name in said for name in names)]

    def person(self, place: int) -> Person:
        """One of its numbers."""
        return self.people[place % len(self.people)]

    def frozen(self, people: list[Person]) -> Attempt | None:
        """The change in doubt that has to be settled before these may be changed again."""
        numbers = {person.number for person in people}
        for each in self.pending:
            if numbers & {person.number for person in each.people}:
                return each
        return None

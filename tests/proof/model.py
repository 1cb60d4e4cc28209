"""A plain model of what an account holds, kept beside it.

Where an answer was lost, a contact may be in one of two states, and both are kept until somebody
looks. Times are the emulator's, in seconds; what is known of one is between when and when.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast

Json = Mapping[str, Any]
Span = tuple[float, float]
LOOKED_UP, SETTLED = 2.0, 60.0
"""How old a contact is when its channels are known, and when a missing one means no."""
LATEST = 20.0
"""When a request that hangs has been executed, at the latest."""
SLACK = 0.3
ALWAYS: Span = (-1e12, -1e12)


class Wrong(Exception):  # noqa: N818  named for what it says
    """An answer that cannot be right; the text says what was expected."""


def causes(group: BaseExceptionGroup[BaseException]) -> Sequence[BaseException]:
    """What is in a group, however deep."""
    found: list[BaseException] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            found += causes(cast("BaseExceptionGroup[BaseException]", error))
        else:
            found.append(error)
    return found


class State(NamedTuple):
    """A contact, or the memory of one: what was deleted keeps its opt-out."""

    exists: bool = False
    opt_out: bool = False
    default: str = "sms"

    def created(self) -> "State":
        """After a request to create it, or a message to it."""
        return self if self.exists else State(True, self.opt_out, "sms")

    def deleted(self) -> "State":
        """After a request to delete it."""
        return self._replace(exists=False)

    def updated(self, **changes: Any) -> "State":
        """After a request to change it."""
        return self._replace(**changes) if self.exists else self


class Verdict(NamedTuple):
    """On WhatsApp, on SMS."""

    whatsapp: str
    sms: str


Change = Callable[[State], State]


@dataclass
class Person:
    """One number. `born` is when its contact was made, `doubts` the changes that may still come.

    It is `frozen` while there may be one: another change might be overtaken by it.
    """

    number: str
    id: str | None = None
    states: set[State] = field(default_factory=lambda: {State()})
    born: Span = ALWAYS
    doubts: list[Change] = field(default_factory=list[Change])
    frozen: bool = False

    @property
    def possible(self) -> set[State]:
        """Every state it may be in right now."""
        possible = set(self.states)
        for _ in self.doubts:
            possible |= {made(each) for made in self.doubts for each in possible}
        return possible

    @property
    def may_exist(self) -> bool:
        """Whether it is a contact in one of them."""
        return any(each.exists for each in self.possible)

    @property
    def must_exist(self) -> bool:
        """Whether it is a contact in all of them."""
        return all(each.exists for each in self.possible)

    def ages(self, when: Span) -> Span:
        """How old its contact can be at a time between these."""
        return when[0] - self.born[1] - SLACK, when[1] - self.born[0] + SLACK

    def channels(self, when: Span) -> list[list[str]]:
        """The lists of channels that its contact may show."""
        youngest, oldest = self.ages(when)
        known = ["sms"] + (["whatsapp"] if int(self.number[-1]) % 2 == 0 else [])
        known += ["rcs"] if self.number.endswith("0") else []
        early = [["sms"]] if youngest < LOOKED_UP else []
        return [*early, known] if oldest >= LOOKED_UP else early

    def verdicts(self, when: Span) -> set[Verdict]:
        """What may be said about it."""
        said = set[Verdict]()
        youngest, oldest = self.ages(when)
        if not self.must_exist:
            said.add(Verdict("unknown", "unknown"))
        if not self.may_exist:
            return said
        for channels in self.channels(when):
            if "whatsapp" in channels:
                said.add(Verdict("yes", "yes"))
                continue
            if youngest < SETTLED:
                said.add(Verdict("unknown", "yes"))
            if oldest >= SETTLED:
                said.add(Verdict("no", "yes"))
        return said

    def change(self, made: Change, when: Span, *, settles: bool = False) -> None:
        """It was changed so, for certain, at a time between these.

        `settles`: by the very change that was in doubt, so that a late one makes no difference.
        """
        if not self.must_exist:
            self.born = self._born_again(when)
        self.states = {made(each) for each in self.states}
        if settles:
            self.doubts = [each for each in self.doubts if each is not made]

    def may_change(self, made: Change, when: Span) -> None:
        """It may have been changed so, or be later on; nothing else may change it until then."""
        if not self.must_exist:
            self.born = self._born_again((when[0], when[1] + LATEST))
        self.doubts.append(made)
        self.frozen = True

    def _born_again(self, when: Span) -> Span:
        return (min(self.born[0], when[0]), when[1]) if self.may_exist else when

    def narrow(self, fits: Callable[[State], bool], said: str) -> None:
        """An answer that is right in some states only was right. Raises Wrong for one in none."""
        if not any(map(fits, self.possible)):
            raise Wrong(f"{said}, but {self.number} is {sorted(self.possible)}")
        if not self.doubts:
            self.states = {each for each in self.states if fits(each)}

    def see(self, shown: Json | None, when: Span) -> None:
        """Compare with a record, or with that there is none. Raises Wrong."""
        if shown is None:
            self.narrow(lambda each: not each.exists, "no contact was found")
            return
        if shown["phone_number"] != self.number or self.id not in (None, shown["id"]):
            raise Wrong(f"{self.number} ({self.id}) was asked for, and {shown} came")
        facts = (shown["opt_out"], shown["default_channel"])
        self.narrow(lambda each: each.exists and each[1:] == facts, f"{shown} was found")
        if shown["available_channels"] not in self.channels(when):
            of_age = f"channels of a contact {self.ages(when)} s old"
            raise Wrong(f"{shown['available_channels']} were shown as {of_age}: {self.number}")
        self.id = shown["id"]

    def found(self, record: Json | None) -> bool:
        """Take over what the API's own record says, which ends every doubt; whether it may."""
        if record is None:
            gone = {each for each in self.possible if not each.exists}
            right, states = bool(gone), gone or {State()}
        else:
            facts = State(True, bool(record["opt_out"]), str(record["default_channel"]))
            right, states = facts in self.possible, {facts}
            made = datetime.fromisoformat(record["created_at"]).timestamp()
            self.id, self.born = record["id"], (made, made)
        self.states, self.doubts, self.frozen = states, [], False
        return right


@dataclass
class Chain:
    """The same send, again and again, until somebody is told what came of it: one effect at most.

    `copies` is how many messages each recipient gets. `sure`: it was said to have gone out; `open`:
    nobody knows; `came`: what the API's own records say of an open one. `since` it may have.
    """

    body: str
    to: tuple[str, ...]
    content: str
    copies: int
    since: float
    sure: bool = False
    open: bool = False
    came: bool | None = None

    @property
    def effects(self) -> Span:
        """How often it went out: at least, at most."""
        least = int(self.sure or self.came is True)
        return least, 1 if least or (self.open and self.came is None) else 0


@dataclass(frozen=True)
class Sent:
    """One message that was accepted."""

    to: str
    channel: str | None
    text: bool
    at: Span
    scheduled: bool


@dataclass
class Outbox:
    """Everything that was sent from one lane."""

    chains: list[Chain] = field(default_factory=list[Chain])
    messages: dict[str, Sent] = field(default_factory=dict[str, Sent])
    last_to: dict[str, list[str] | None] = field(default_factory=dict[str, list[str] | None])
    """By number, the ids of the last send; None where its outcome is open."""

    def chain(self, new: Chain) -> Chain:
        """The one that a send like this belongs to: an open one with its body, else itself."""
        for each in self.chains:
            if each.open and (each.body, each.to) == (new.body, new.to):
                return each
        self.chains.append(new)
        return new

    def expected(self) -> dict[tuple[str, str], Span]:
        """How many messages each number has of each content: at least, at most."""
        counts: dict[tuple[str, str], Span] = {}
        for each in self.chains:
            least, most = each.effects
            for number in each.to:
                low, high = counts.get((number, each.content), (0, 0))
                known = (low + least * each.copies, high + most * each.copies)
                counts[number, each.content] = known
        return counts

    def look(self, counted: Mapping[tuple[str, str], int]) -> None:
        """Learn from the API's own records which of the open ones went out."""
        expected = self.expected()
        for each in self.chains:
            keys = [(number, each.content) for number in each.to]
            if each.open and each.came is None:
                each.came = any(counted.get(key, 0) > expected[key][0] for key in keys)

    def start_over(self, counted: Mapping[tuple[str, str], int]) -> None:
        """Take over what the API's own records say, whatever was expected."""
        self.chains = [
            Chain("", (number,), content, count, 0.0, sure=True)
            for (number, content), count in counted.items()
        ]

"""One client of a long run, what it knows of its own numbers, and how it agrees to a change."""

import time
from dataclasses import dataclass, field
from random import Random

from tests.proof.endurance_clients import Caller, WrongError
from tests.proof.hosts import YES, Json, Reply

LOOKED_UP_SECONDS = 4.0
"""How old a contact is when its channels are known; the emulator needs two."""


@dataclass
class Person:
    """One number of a lane's own. `id` while it is a contact; `last` the id of its last message."""

    number: str
    id: str | None = None
    born: float = 0.0
    default: str = "sms"
    opt_out: bool = False
    last: str | None = None

    @property
    def has_a_choice(self) -> bool:
        """Whether it is on two channels, for certain: the emulator looks two seconds later."""
        return not int(self.number[-1]) % 2 and time.monotonic() - self.born > LOOKED_UP_SECONDS


@dataclass
class Left:
    """A question that was left open, and when."""

    arguments: Json
    asked: Reply
    at: float


@dataclass
class Lane:
    """One client: who it is to the server, and what it knows of its own numbers."""

    number: int
    caller: Caller
    draw: Random
    ids: dict[str, str]
    people: list[Person] = field(default_factory=list[Person])
    left: list[Left] = field(default_factory=list[Left])
    calls: int = 0
    seconds: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        """Its numbers: twelve of a block that nobody else has."""
        block = f"+1646{200 + self.number}"
        self.people = [Person(f"{block}{place:04d}") for place in range(12)]

    async def ask(self, tool: str, **arguments: object) -> Reply:
        """One call."""
        self.calls += 1
        return await self.caller.call(tool, arguments)

    async def read(self, tool: str, **arguments: object) -> Json:
        """One call that reads and must not fail; its time counts."""
        reply = await self.ask(tool, **arguments)
        must(not reply.is_error, reply)
        self.seconds.append(reply.seconds)
        return reply.data

    async def refused(self, tool: str, *codes: str, **arguments: object) -> None:
        """One call that must fail with one of these codes, or for any reason."""
        reply = await self.ask(tool, **arguments)
        must(reply.is_error and (not codes or reply.status in codes), reply)

    async def approved(self, tool: str, **arguments: object) -> Reply:
        """One change, agreed to if somebody is asked."""
        return await self.agree(tool, arguments, await self.ask(tool, **arguments))

    async def agree(self, tool: str, arguments: Json, reply: Reply) -> Reply:
        """Say yes to what was asked, if anything was; what came of it.

        A new contact's channels may become known in between, and then it is asked again.
        """
        for _ in range(3):
            if reply.status not in ("asked", "confirmation_required"):
                break
            reply = await self.bring(tool, arguments, reply)
        must(not reply.is_error, reply)
        return reply

    async def bring(self, tool: str, arguments: Json, asked: Reply) -> Reply:
        """The call that says yes, by the form that was shown or with the token that was given."""
        self.calls += 1
        if asked.state is None:
            return await self.caller.call(tool, with_token(arguments, asked))
        said: Json = {"requestState": asked.state, "inputResponses": {"confirm": YES}}
        return await self.caller.call(tool, arguments, **said)

    def anybody(self, *, there: bool) -> Person | None:
        """One of its numbers that is a contact, or is none."""
        some = [person for person in self.people if (person.id is not None) == there]
        return self.draw.choice(some) if some else None

    def forget(self) -> None:
        """A day has passed in the server's journal."""
        self.left.clear()
        for person in self.people:
            person.last = None


def must(right: bool, what: object) -> None:
    """Raises WrongError."""
    if not right:
        raise WrongError(str(what)[:600])


def with_token(arguments: Json, asked: Reply) -> Json:
    """The arguments of the call that says yes."""
    return {**arguments, "confirmation_token": asked.data["confirmation_token"]}

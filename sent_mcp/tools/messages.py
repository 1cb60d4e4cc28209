"""Messages: what became of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sent_mcp.advice import ADVICE
from sent_mcp.client import SentClient
from sent_mcp.errors import RefusedError
from sent_mcp.models import Message
from sent_mcp.moments import moment
from sent_mcp.quoting import cell
from sent_mcp.tools.arguments import Arguments, ListOf, PhoneNumber
from sent_mcp.tools.parallel import look_up_all
from sent_mcp.tools.registry import Offer, ReadTool, SentCall
from sent_mcp.tools.results import Entry, Result, next_call, word, word_or_none

Outcome = Literal["pending", "delivered", "failed"]
_OUTCOMES: dict[str, Outcome] = {
    "DELIVERED": "delivered",
    "READ": "delivered",
    "RECEIVED": "delivered",
    "FAILED": "failed",
    "FILTERED": "failed",
    "BLOCKED": "failed",
    "CANCELLED": "failed",
}
_BEST_FIRST: tuple[Outcome, ...] = ("delivered", "pending", "failed")
REROUTED_WITHIN = timedelta(hours=1)
"""FAILED may still be sent another way (API §10); after this long we call it final."""
_MOST_WITH_EVENTS = 5
MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class GetMessage(Arguments):
    """Which messages, by id or by recipient."""

    message_ids: (
        Annotated[
            list[MessageId], ListOf, Field(min_length=1, max_length=100, description="1 to 100 ids")
        ]
        | None
    ) = None
    to: (
        Annotated[PhoneNumber, Field(description="Instead: last message sent from here, 24 h")]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_way(self) -> "GetMessage":
        if (self.message_ids is None) == (self.to is None):
            raise ValueError("give either message_ids or to")
        return self


class Event(Entry):
    """One step in a message's life."""

    status: str
    timestamp: str | None = None


class MessageState(Entry):
    """What is known about one message. `final`: it will not change any more."""

    message_id: str
    status: str
    outcome: Outcome
    final: bool
    to: str | None = None
    channel: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    advice: str | None = None
    price: float | None = None
    scheduled_at: str | None = None
    events: list[Event] | None = None

    def lines(self) -> Iterable[str]:
        """What is known in one line, then a line per event."""
        names = (self.message_id, self.to or "-", self.channel or "-", self.status)
        facts = [*map(cell, names)]
        facts.append(f"{self.outcome}{'' if self.final else ' so far'}")
        if self.reason_code or self.reason:
            facts.append(f"({' '.join(self._why())})")
        facts += [f"price {self.price:g}"] if self.price is not None else []
        facts += [f"scheduled for {self.scheduled_at}"] if self.scheduled_at else []
        yield " ".join(facts)
        for event in self.events or ():
            yield f"  {event.timestamp or '-'} {cell(event.status)}"

    def _why(self) -> Iterable[str]:
        if self.reason_code:
            yield cell(self.reason_code)
        if self.reason:
            yield f'"{self.reason}"'
        if self.advice:
            yield self.advice


class MessageStates(Result):
    """The state of one or more messages; `missing` ids are unknown to Sent."""

    messages: list[MessageState]
    missing: list[str] | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        yield "message_id to channel status outcome"
        for each in self.messages:
            yield from each.lines()
        if self.missing:
            yield f"unknown to Sent: {' '.join(self.missing)}"


async def get_message(call: SentCall, arguments: GetMessage) -> MessageStates:
    """Each message once, a few at a time."""
    ids = arguments.message_ids or [await _last_to(call, arguments.to or "")]
    unique = list(dict.fromkeys(ids))
    answers = await look_up_all(call.client.messages.find, unique, call.progress, "messages read")
    with_events = len(unique) <= _MOST_WITH_EVENTS
    states = [
        _state(answer.data, answer.timestamp, with_events)
        for answer in answers
        if answer.data is not None
    ]
    if not states:
        raise RefusedError(
            f"Sent knows no message with {'this id' if len(unique) == 1 else 'any of these ids'}",
            code="RESOURCE_003",
        )
    missing = [key for key, answer in zip(unique, answers, strict=True) if answer.data is None]
    pending = [state.message_id for state in states if not state.final]
    return MessageStates(
        message=_sentence(states, len(missing)),
        next=next_call("get_message", message_ids=[*pending]) if pending else None,
        messages=states,
        missing=missing or None,
    )


async def _last_to(call: SentCall, phone_number: str) -> str:
    last = await call.journal.last_to(phone_number)
    if last is not None and last.open:
        raise RefusedError(
            f"the last send from here to {phone_number} got no answer, so it is not known whether"
            " it went out; other messages are found by message_ids",
            code="RESOURCE_003",
        )
    if last is None or last.message_id is None:
        raise RefusedError(
            f"no message that was sent from here to {phone_number} in the last 24 hours is known;"
            " other messages are found by message_ids",
            code="RESOURCE_003",
        )
    return last.message_id


def _sentence(states: list[MessageState], missing: int) -> str:
    if len(states) == 1 and not missing:
        words = {
            "delivered": "was delivered",
            "failed": "was not delivered",
            "pending": "is not delivered yet",
        }
        return f"The message {words[states[0].outcome]} ({cell(states[0].status)})."
    counts = {name: sum(state.outcome == name for state in states) for name in _BEST_FIRST}
    known = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join([*known, f"{missing} unknown to Sent"] if missing else known) + "."


def _state(message: Message, read_at: datetime | None, with_events: bool) -> MessageState:
    status = word(message.status.upper())
    outcome = _OUTCOMES.get(status, "pending")
    events = [
        Event(status=word(event.status), timestamp=moment(event.timestamp))
        for event in message.events
    ]
    return MessageState(
        message_id=word(message.id),
        status=status,
        outcome=outcome,
        final=outcome != "pending" and not _may_be_rerouted(message, status, read_at),
        to=word_or_none(message.phone),
        channel=word_or_none(message.channel),
        reason_code=word_or_none(message.reason_code),
        reason=word_or_none(message.reason),
        advice=ADVICE.get(message.reason_code or ""),
        price=message.price,
        scheduled_at=moment(message.scheduled_at),
        events=events if with_events else None,
    )


def _may_be_rerouted(message: Message, status: str, read_at: datetime | None) -> bool:
    if status != "FAILED":
        return False
    times = [event.timestamp for event in message.events if event.timestamp is not None]
    if not times or read_at is None:
        return False
    return read_at - max(times) < REROUTED_WITHIN


GET_MESSAGE = ReadTool[SentClient, GetMessage](
    Offer(
        "get_message",
        "Get message",
        "Did it arrive? Status, outcome and reason of messages, by id or the last one to a number.",
        "messages",
        GetMessage,
        MessageStates,
    ),
    get_message,
)

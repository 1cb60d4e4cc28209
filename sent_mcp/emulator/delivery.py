"""What becomes of a message: one decision when it is released, then progress by the clock.

Nothing runs in the background: the events of a message follow from its row and the time (API §10).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sent_mcp.emulator.clock import moment, wire

# Seconds after release. READ comes on channels that report it.
STEPS: Final = (("ROUTED", 1), ("SENT", 2), ("DELIVERED", 4))
READ_AFTER: Final = 30
READ_CHANNELS: Final = frozenset({"whatsapp", "rcs"})
PRICES: Final = {"sms": 0.0055, "whatsapp": 0.0120, "rcs": 0.0080, "mms": 0.0200}
CONTACT_PRICE: Final = 0.0150

_NAMES: Final = {"sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS", "mms": "MMS"}
_DESCRIPTIONS: Final = {
    "QUEUED": "Message accepted and queued for processing",
    "SCHEDULED": "Message held for its scheduled time",
    "CANCELLED": "Message cancelled before its scheduled time",
    "ROUTED": "Message routed to {channel}",
    "SENT": "Message sent via {channel}",
    "DELIVERED": "Message delivered to recipient",
    "READ": "Message read by recipient",
    "FILTERED": "Message not sent: {reason}",
    "BLOCKED": "Message not sent: {reason}",
    "FAILED": "Message failed: {reason}",
}


class MessageRow(TypedDict):
    """A row of `messages`."""

    id: str
    customer_id: str
    contact_id: str
    template_id: str | None
    requested_channel: str
    channel: str | None
    direction: str
    request: str
    message_body: str
    created_at: str
    scheduled_at: str | None
    cancelled_at: str | None
    release_at: str | None
    outcome: str | None
    reason_code: str | None
    reason: str | None


@dataclass(frozen=True)
class Event:
    """One status a message has reached."""

    status: str
    timestamp: str
    description: str


def events_of(row: MessageRow, now: datetime) -> list[Event]:
    """What has happened to an outbound message by `now`, oldest first; inbound ones have none."""
    if row["direction"] == "inbound":
        return []
    reached = [("QUEUED", moment(row["created_at"]))]
    if row["scheduled_at"]:
        reached.append(("SCHEDULED", moment(row["created_at"])))
    if row["cancelled_at"]:
        reached.append(("CANCELLED", moment(row["cancelled_at"])))
    elif row["release_at"] is None:
        reached += _course(row)
    return [_event(row, status, at) for status, at in reached if at <= now]


def status_of(row: MessageRow, now: datetime) -> str:
    """The newest status."""
    events = events_of(row, now)
    return events[-1].status if events else "RECEIVED"


def _course(row: MessageRow) -> list[tuple[str, datetime]]:
    released = moment(row["scheduled_at"] or row["created_at"])
    if row["outcome"]:
        return [(row["outcome"], released)]
    steps = [*STEPS]
    if row["channel"] in READ_CHANNELS:
        steps.append(("READ", READ_AFTER))
    return [(status, released + timedelta(seconds=seconds)) for status, seconds in steps]


def _event(row: MessageRow, status: str, at: datetime) -> Event:
    channel = _NAMES.get(row["channel"] or "", "")
    description = _DESCRIPTIONS[status].format(channel=channel, reason=row["reason"])
    return Event(status, wire(at), description)

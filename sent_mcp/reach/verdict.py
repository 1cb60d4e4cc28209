"""Can this person be reached on WhatsApp, on SMS? yes, no, or an honest "unknown"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sent_mcp.models import Contact

Verdict = Literal["yes", "no", "unknown"]
Reach = Literal["sms_only", "whatsapp_only", "both", "unknown"]
CHANNELS = frozenset({"sms", "whatsapp", "rcs", "mms"})
"""Another name may be a channel spelled in a way we do not read, so it allows no "no"."""
SETTLED_AFTER = timedelta(seconds=60)
"""Sent answers `sms` at creation and looks further afterwards (API §9)."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a record says about both channels."""

    whatsapp: Verdict
    sms: Verdict

    @property
    def reach(self) -> Reach:
        """The two as one word; anything that is not certain is unknown."""
        words: dict[tuple[Verdict, Verdict], Reach] = {
            ("no", "yes"): "sms_only",
            ("yes", "no"): "whatsapp_only",
            ("yes", "yes"): "both",
        }
        return words.get((self.whatsapp, self.sms), "unknown")


@cache
def _both(whatsapp: Verdict, sms: Verdict) -> Verdicts:
    """One object for each of the nine, however many contacts have it."""
    return Verdicts(whatsapp, sms)


NOTHING_KNOWN = Verdicts("unknown", "unknown")


def verdicts(contact: Contact | None, read_at: datetime | None) -> Verdicts:
    """`read_at` is `meta.timestamp` of the answer with the record.

    A channel in the record is a yes. A no needs known channels and a record at least 60 s old by
    Sent's own clock; v1 tells no times, so it never says no.
    """
    if contact is None:
        return NOTHING_KNOWN
    return _both(
        _verdict(contact, "whatsapp", read_at),
        _verdict(contact, "sms", read_at),
    )


def is_young(contact: Contact, read_at: datetime | None) -> bool:
    """Whether Sent may still be looking for this contact's channels."""
    if contact.created_at is None or read_at is None:
        return False
    return read_at - contact.created_at < SETTLED_AFTER


def _verdict(contact: Contact, channel: str, read_at: datetime | None) -> Verdict:
    if channel in contact.channels:
        return "yes"
    known = bool(contact.channels) and CHANNELS.issuperset(contact.channels)
    settled = contact.created_at is not None and read_at is not None
    return "no" if known and settled and not is_young(contact, read_at) else "unknown"

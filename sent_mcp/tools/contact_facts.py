"""A contact in a question: what is shown of it, and what an answer is bound to."""

from pydantic import JsonValue

from sent_mcp.models import Contact
from sent_mcp.moments import moment
from sent_mcp.phone import is_e164
from sent_mcp.quoting import LONGEST_NAME, named, quoted


def label(contact: Contact) -> str:
    """The number a token begins with; the id where Sent's number cannot be read."""
    return contact.e164 if is_e164(contact.e164) else named(contact.id)


def number(contact: Contact) -> str:
    """The number as it stands in a sentence; in quotes whatever Sent has in its place."""
    return contact.e164 if is_e164(contact.e164) else quoted(contact.e164, LONGEST_NAME)


def facts(contact: Contact) -> tuple[str, ...]:
    """What a question shows of the contact it is about."""
    channels = ", ".join(named(name) for name in contact.channels) or "none known"
    opted_out = "yes" if contact.opt_out else "no"
    added = moment(contact.created_at) or "at an unknown time"
    default = f" (default {named(contact.default_channel)})" if contact.default_channel else ""
    return (f"Channels: {channels}{default}; opted out: {opted_out}; added {added}.",)


def bound(contact: Contact) -> dict[str, JsonValue]:
    """What an approval is bound to of the contact it was about; no times, they change."""
    return {
        "id": contact.id,
        "e164": contact.e164,
        "opt_out": contact.opt_out,
        "default_channel": contact.default_channel,
        "channels": list[JsonValue](sorted(contact.channels)),
    }

"""Contacts on the wire (API §2, §3.1 to §3.6)."""

from functools import lru_cache

from sent_mcp.models.envelope import Pagination
from sent_mcp.models.wire import Count, Items, Metadata, Moment, Text, Whole, WireModel


class Contact(WireModel):
    """One phone number the account knows. What v1 does not say (opt_out, times) is None there."""

    id: str
    phone_number: str
    customer_id: Text = None
    format_e164: Text = None
    format_international: Text = None
    format_national: Text = None
    format_rfc: Text = None
    country_code: Text = None
    region_code: Text = None
    available_channels: Text = None
    default_channel: Text = None
    opt_out: bool | None = None
    is_inherited: bool | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    metadata: Metadata | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels in Sent's order, lower case, each once; empty while Sent knows none."""
        return _channels(self.available_channels or "")

    @property
    def e164(self) -> str:
        """The number as Sent normalised it, else as it was supplied."""
        return self.format_e164 or self.phone_number


class ContactPage(WireModel):
    """One page of the address book."""

    contacts: Items[Contact] = ()
    pagination: Pagination


class ContactMatch(WireModel):
    """The answer to a search by phone: a list of one, or the contact (undocumented, API §3.2)."""

    contacts: tuple[Contact, ...] | Contact | None


class ChannelScore(WireModel):
    """How often messages to a contact arrived on one channel, 0 to 100."""

    channel: str
    success_score: Whole | None = None
    fail_score: Whole | None = None


class MessageSummary(WireModel):
    """What was exchanged with one contact so far."""

    contact_id: Text = None
    message_count: Count = 0
    first_message_at: Moment | None = None
    last_message_at: Moment | None = None
    channels_used: Items[str] = ()
    channel_scores: Items[ChannelScore] = ()


@lru_cache(maxsize=256)
def _channels(text: str) -> tuple[str, ...]:
    # A page of contacts has few different ones.
    names = [name.strip().lower() for name in text.split(",")]
    return tuple(dict.fromkeys(filter(None, names)))

"""The account a key belongs to, on the wire (API §3.14)."""

from sent_mcp.models.wire import Items, Text, WireModel


class Channel(WireModel):
    """Whether the account can send on one channel, and from which number."""

    configured: bool | None = None
    phone_number: Text = None


class AccountChannels(WireModel):
    """The channels of an account."""

    sms: Channel | None = None
    whatsapp: Channel | None = None
    rcs: Channel | None = None


class Profile(WireModel):
    """A child of an organization."""

    id: str
    name: Text = None


class Account(WireModel):
    """Who the key is: `type` is organization, user or profile."""

    id: str
    type: Text = None
    name: Text = None
    email: Text = None
    sending_phone_number: Text = None
    channels: AccountChannels | None = None
    profiles: Items[Profile] = ()

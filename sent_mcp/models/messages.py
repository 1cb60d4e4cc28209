"""Messages on the wire (API §3.7, §3.8)."""

from typing import Annotated

from pydantic import Field

from sent_mcp.models.wire import Items, Moment, Text, WireModel

Price = Annotated[float, Field(allow_inf_nan=False)] | None


class Recipient(WireModel):
    """One message of a send. `channel` is None, or `sent`, while Sent still chooses it."""

    message_id: str
    to: str
    channel: Text = None
    body: Text = None


class SendReceipt(WireModel):
    """What Sent accepted. Accepted is not delivered."""

    status: str
    template_id: Text = None
    template_name: Text = None
    recipients: Items[Recipient] = ()
    scheduled_at: Moment | None = None


class MessageEvent(WireModel):
    """One step in a message's life."""

    status: str
    timestamp: Moment | None = None
    description: Text = None


class MessageBody(WireModel):
    """What a message says. The inner keys are camelCase on the wire."""

    header: Text = None
    content: Text = None
    footer: Text = None
    subject: Text = None


class Message(WireModel):
    """One message. `reason_code` and `reason` come only with FAILED, FILTERED and BLOCKED."""

    id: str
    status: str
    contact_id: Text = None
    phone: Text = None
    phone_international: Text = None
    region_code: Text = None
    template_id: Text = None
    template_name: Text = None
    template_category: Text = None
    channel: Text = None
    direction: Text = None
    message_body: MessageBody | None = None
    created_at: Moment | None = None
    scheduled_at: Moment | None = None
    price: Price = None
    active_contact_price: Price = None
    reason_code: Text = None
    reason: Text = None
    events: Items[MessageEvent] = ()

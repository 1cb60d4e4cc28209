"""The shapes Sent puts on the wire, one file per resource, no behaviour beyond reading them."""

from sent_mcp.models.account import Account
from sent_mcp.models.contacts import ChannelScore, Contact, ContactPage, MessageSummary
from sent_mcp.models.envelope import Pagination
from sent_mcp.models.messages import Message, MessageEvent, Recipient, SendReceipt
from sent_mcp.models.numbers import NumberLookup
from sent_mcp.models.templates import Template, TemplatePage

__all__ = [
    "Account",
    "ChannelScore",
    "Contact",
    "ContactPage",
    "Message",
    "MessageEvent",
    "MessageSummary",
    "NumberLookup",
    "Pagination",
    "Recipient",
    "SendReceipt",
    "Template",
    "TemplatePage",
]

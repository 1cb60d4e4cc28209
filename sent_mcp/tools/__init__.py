"""What a host can call: `TOOLS` is every tool, in the order hosts list them."""

from sent_mcp.client import SentClient
from sent_mcp.tools.contact_changes import CREATE_CONTACT, UPDATE_CONTACT
from sent_mcp.tools.contact_deletion import DELETE_CONTACT
from sent_mcp.tools.contacts import FIND_CONTACT_BY_PHONE, GET_CONTACT, LIST_CONTACTS
from sent_mcp.tools.contacts_v1 import V1_TOOLS
from sent_mcp.tools.importing import IMPORT_CONTACTS
from sent_mcp.tools.messages import GET_MESSAGE
from sent_mcp.tools.number_check import CHECK_PHONE_NUMBERS
from sent_mcp.tools.numbers import LOOKUP_NUMBER
from sent_mcp.tools.registry import Tool
from sent_mcp.tools.sending import SEND_MESSAGE
from sent_mcp.tools.templates import LIST_TEMPLATES

TOOLS: tuple[Tool[SentClient], ...] = (
    LIST_CONTACTS,
    GET_CONTACT,
    FIND_CONTACT_BY_PHONE,
    CHECK_PHONE_NUMBERS,
    CREATE_CONTACT,
    IMPORT_CONTACTS,
    UPDATE_CONTACT,
    DELETE_CONTACT,
    SEND_MESSAGE,
    GET_MESSAGE,
    LIST_TEMPLATES,
    LOOKUP_NUMBER,
)

__all__ = ["TOOLS", "V1_TOOLS"]

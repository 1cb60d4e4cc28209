"""The two tools of the legacy API, v1: same names and results, fewer arguments."""

from sent_mcp.client import V1Client
from sent_mcp.tools.arguments import Arguments, Page, PageSize
from sent_mcp.tools.contact_pages import ContactList, one_page
from sent_mcp.tools.contacts import FindContact, PhoneFound, phone_found
from sent_mcp.tools.registry import Call, Offer, ReadTool


class ListContactsV1(Arguments):
    """Which page to list; v1 has no filters and tells no opt-outs."""

    page: Page = 1
    page_size: PageSize = 20


async def list_contacts(call: Call[V1Client], arguments: ListContactsV1) -> ContactList:
    """One page, counted from 1."""
    answer = await call.client.contacts.list(page=arguments.page, page_size=arguments.page_size)
    return one_page(answer.data, {})


async def find_contact_by_phone(call: Call[V1Client], arguments: FindContact) -> PhoneFound:
    """The contact with this number; v1 tells no dates, so no channel is ever a no."""
    answer = await call.client.contacts.find_by_phone(arguments.phone_number)
    return phone_found(arguments.phone_number, answer, call.now())


V1_TOOLS = (
    ReadTool[V1Client, ListContactsV1](
        Offer(
            "list_contacts",
            "List contacts",
            "List contacts a page at a time: id, number, channels, default channel.",
            "contacts",
            ListContactsV1,
            ContactList,
        ),
        list_contacts,
    ),
    ReadTool[V1Client, FindContact](
        Offer(
            "find_contact_by_phone",
            "Find contact by phone",
            "Is this number on WhatsApp or SMS? Finds the contact with a phone number; yes or"
            " unknown per channel (this API version tells no dates, so never no).",
            "contacts",
            FindContact,
            PhoneFound,
        ),
        find_contact_by_phone,
    ),
)

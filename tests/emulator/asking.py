"""What tests of the emulator ask it for again and again, and what they read in its answers."""

import httpx
from sent_dm import AsyncSent

UNKNOWN_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def code_of(response: httpx.Response) -> str:
    """The code of an error."""
    return response.json()["error"]["code"]


async def id_of(sent: AsyncSent, phone_number: str) -> str:
    """The id of the contact with this number."""
    page = await sent.contacts.list(phone=phone_number)
    assert page.data is not None
    assert page.data.contacts is not None
    (contact,) = page.data.contacts
    assert contact.id is not None
    return contact.id

"""What tests of the emulator ask it for again and again, and what they read in its answers."""

import httpx
from sent_dm import AsyncSent
from sent_dm.types.message_retrieve_status_response import Data as Message

UNKNOWN_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
ORDER = {
    "name": "order_confirmation",
    "parameters": {"name": "Ada", "order_number": "1815"},
}
WHATSAPP, SMS_ONLY = "+14155550102", "+14155550101"


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


async def sent_message(
    http: httpx.AsyncClient, to: str = WHATSAPP, **body: object
) -> dict[str, object]:
    """The first message of a send, read back."""
    response = await http.post("/v3/messages", json={"to": [to], **body})
    assert response.status_code == 202, response.text
    message_id = response.json()["data"]["recipients"][0]["message_id"]
    return (await http.get(f"/v3/messages/{message_id}")).json()["data"]


async def read(sent: AsyncSent, message_id: str | None) -> Message:
    """The message with this id."""
    assert message_id is not None
    message = (await sent.messages.retrieve_status(message_id)).data
    assert message is not None
    return message

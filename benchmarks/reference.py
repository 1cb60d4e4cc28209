"""The plain server beside which ours is measured: what the SDK's own documentation leads to.

Seven of the tools, over the same API, with nothing added and nothing held back.
"""

import os
import sys
from types import ModuleType
from typing import Annotated, Generic, Literal, TypeVar, cast

import httpx
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

Data = TypeVar("Data")

# The SDK loads rich where it finds it. A server of its own would not have it: this project's demo
# brings it, which must not cost the reference 20 ms.
cast("dict[str, ModuleType | None]", sys.modules)["rich"] = None

# At the SDK's own INFO, httpx writes a line for every request, at the reference's cost.
mcp = MCPServer("sent-reference", log_level="WARNING")
http = httpx.AsyncClient(
    base_url=os.environ.get("SENT_BASE_URL", "https://api.sent.dm"),
    headers={"x-api-key": os.environ.get("SENT_API_KEY", "")},
    timeout=30,
)

ContactId = Annotated[str, Field(description="The contact's id")]
PhoneNumber = Annotated[str, Field(description="Phone number in E.164 format")]


class Contact(BaseModel):
    """A contact."""

    id: str
    customer_id: str | None = None
    phone_number: str
    format_e164: str | None = None
    format_international: str | None = None
    format_national: str | None = None
    format_rfc: str | None = None
    country_code: str | None = None
    region_code: str | None = None
    available_channels: str | None = None
    default_channel: str | None = None
    opt_out: bool = False
    is_inherited: bool = False
    created_at: str | None = None
    updated_at: str | None = None


class Pagination(BaseModel):
    """Where in the list a page stands."""

    page: int
    page_size: int
    total_count: int
    total_pages: int
    has_more: bool


class ContactPage(BaseModel):
    """A page of contacts."""

    contacts: list[Contact]
    pagination: Pagination


class Recipient(BaseModel):
    """A message of a send."""

    message_id: str
    to: str
    channel: str | None = None
    body: str | None = None


class SendReceipt(BaseModel):
    """What was accepted."""

    status: str
    template_id: str | None = None
    template_name: str | None = None
    recipients: list[Recipient]


class Deleted(BaseModel):
    """That a contact is gone."""

    deleted: bool


class ApiError(BaseModel):
    """Why a request failed."""

    code: str | None = None
    message: str | None = None


class Envelope(BaseModel, Generic[Data]):
    """What every answer of the API comes in."""

    data: Data | None = None
    error: ApiError | None = None


async def request(
    method: str,
    path: str,
    envelope: type[Envelope[Data]],
    *,
    params: dict[str, str | int] | None = None,
    body: dict[str, object] | None = None,
) -> Data:
    """One request to the API; what is in its envelope."""
    response = await http.request(method, path, params=params, json=body)
    answer = envelope.model_validate_json(response.content)
    if answer.data is None:
        code, message = (answer.error.code, answer.error.message) if answer.error else ("", "")
        raise ToolError(f"{response.status_code} {code}: {message}")
    return answer.data


@mcp.tool()
async def list_contacts(
    page: Annotated[int, Field(ge=1, description="Page number, from 1")] = 1,
    page_size: Annotated[int, Field(ge=1, le=100, description="Contacts per page")] = 20,
    search: Annotated[str | None, Field(description="Part of a phone number")] = None,
    channel: Annotated[
        Literal["sms", "whatsapp"] | None, Field(description="Only contacts with this channel")
    ] = None,
) -> ContactPage:
    """List the contacts of the account, page by page."""
    params: dict[str, str | int] = {"page": page, "page_size": page_size}
    if search is not None:
        params["search"] = search
    if channel is not None:
        params["channel"] = channel
    return await request("GET", "/v3/contacts", Envelope[ContactPage], params=params)


@mcp.tool()
async def get_contact(contact_id: ContactId) -> Contact:
    """Get a contact by its id."""
    return await request("GET", f"/v3/contacts/{contact_id}", Envelope[Contact])


@mcp.tool()
async def find_contact_by_phone(phone_number: PhoneNumber) -> Contact:
    """Find the contact with a phone number and the channels it can be reached on."""
    params: dict[str, str | int] = {"phone": phone_number}
    found = await request("GET", "/v3/contacts", Envelope[ContactPage], params=params)
    if not found.contacts:
        raise ToolError(f"No contact has the phone number {phone_number}")
    return found.contacts[0]


@mcp.tool()
async def create_contact(phone_number: PhoneNumber) -> Contact:
    """Create a contact with a phone number."""
    body: dict[str, object] = {"phone_number": phone_number}
    return await request("POST", "/v3/contacts", Envelope[Contact], body=body)


@mcp.tool()
async def update_contact(
    contact_id: ContactId,
    default_channel: Annotated[
        Literal["sms", "whatsapp"] | None, Field(description="Channel to prefer")
    ] = None,
    opt_out: Annotated[bool | None, Field(description="Whether it gets no messages")] = None,
) -> Contact:
    """Change a contact's default channel or opt-out."""
    changes: dict[str, object] = {"default_channel": default_channel, "opt_out": opt_out}
    body = {name: value for name, value in changes.items() if value is not None}
    return await request("PATCH", f"/v3/contacts/{contact_id}", Envelope[Contact], body=body)


@mcp.tool()
async def delete_contact(contact_id: ContactId) -> Deleted:
    """Delete a contact."""
    response = await http.request("DELETE", f"/v3/contacts/{contact_id}", json={})
    if response.is_error:
        raise ToolError(f"{response.status_code}: {response.text}")
    return Deleted(deleted=True)


@mcp.tool()
async def send_message(
    to: Annotated[list[str], Field(description="Phone numbers in E.164 format")],
    template_id: Annotated[str | None, Field(description="Id of an approved template")] = None,
    text: Annotated[str | None, Field(description="Text, instead of a template")] = None,
    parameters: Annotated[
        dict[str, str] | None, Field(description="Values of the template's variables")
    ] = None,
    channels: Annotated[
        list[Literal["sms", "whatsapp", "rcs"]] | None, Field(description="Channels to send on")
    ] = None,
) -> SendReceipt:
    """Send a template or a text to one or more phone numbers."""
    body: dict[str, object] = {"to": to}
    if template_id is not None:
        body["template"] = {"id": template_id, "parameters": parameters or {}}
    if text is not None:
        body["text"] = text
    if channels is not None:
        body["channel"] = channels
    return await request("POST", "/v3/messages", Envelope[SendReceipt], body=body)


if __name__ == "__main__":
    mcp.run()

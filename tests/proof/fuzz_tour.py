"""A walk past everything a host can ask for, and everything that is then read by somebody."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import mcp_types as mcp
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.shared.exceptions import MCPError

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY

KNOWN = "+14155550102"
OTHER = "+14155550104"
STRANGE = "+14155550160"
Where = Literal["text", "structured", "error", "question", "resource", "completion", "protocol"]
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """Something that was said to somebody: lines of text, or a value as JSON."""

    what: str
    where: Where
    value: Any


@dataclass(frozen=True)
class Ids:
    """What the emulator has, by what it is called there."""

    contact: str
    opted_out: str
    template: str
    message: str


@dataclass
class Guest:
    """A host whose user agrees to nothing, and what it was asked to show."""

    client: Client
    forms: list[mcp.ElicitRequestFormParams] = field(
        default_factory=list[mcp.ElicitRequestFormParams]
    )

    async def call(self, tool: str, arguments: Arguments) -> list[Said]:
        """Everything that one call says."""
        told: list[Said] = []
        try:
            answer = await self.client.call_tool(tool, arguments)
        except MCPError as error:
            told.append(Said(tool, "protocol", [error.message, error.error.data]))
        else:
            texts = [each.text for each in answer.content if isinstance(each, mcp.TextContent)]
            kind: Where = "error" if answer.is_error else "text"
            told += [Said(tool, kind, text) for text in texts]
            if answer.structured_content is not None:
                told.append(Said(tool, "structured", answer.structured_content))
        shown = [line for form in self.forms for line in _shown(form)]
        self.forms.clear()
        return [*told, *(Said(tool, "question", each) for each in shown)]

    async def read(self, uri: str) -> list[Said]:
        """Everything that reading a resource says."""
        try:
            found = await self.client.read_resource(uri)
        except MCPError as error:
            return [Said("resource", "protocol", [error.message, error.error.data])]
        texts = [each for each in found.contents if isinstance(each, mcp.TextResourceContents)]
        return [Said("resource", "resource", each.text) for each in texts]

    async def complete(self, typed: str) -> list[Said]:
        """What is suggested for a contact's id."""
        reference = mcp.ResourceTemplateReference(uri="sent://contacts/{contact_id}")
        found = await self.client.complete(reference, {"name": "contact_id", "value": typed})
        return [Said("completion", "completion", found.completion.values)]


def _shown(form: mcp.ElicitRequestFormParams) -> list[str]:
    (box,) = form.requested_schema["properties"].values()
    return [form.message, str(box["title"])]


@asynccontextmanager
async def visiting(
    url: str, *, forms: bool = False, era: str = "legacy", **settings: object
) -> AsyncGenerator[Guest]:
    """A host before a server that reaches the API at `url`; with `forms` its user says no."""
    given: dict[str, object] = {"api_key": KEY, "base_url": url, "state": "memory:", **QUICKLY}
    server = build_server(load_settings([], **{**given, **settings}))

    async def declines(
        context: ClientRequestContext, params: mcp.ElicitRequestParams
    ) -> mcp.ElicitResult:
        assert isinstance(params, mcp.ElicitRequestFormParams)
        guest.forms.append(params)
        return mcp.ElicitResult(action="decline")

    client = Client(server, mode=era, elicitation_callback=declines if forms else None)
    guest = Guest(client)
    async with client:
        yield guest


QUICKLY: dict[str, object] = {
    "requests_per_minute": 1_000_000,
    "messages_per_minute": 1_000_000,
    "messages_per_day": 1_000_000,
    "toolsets": "contacts,messages,templates,lookup",
    "call_timeout": 5,
}
"""Settings with which nothing waits for a budget, and nothing is waited for long."""


async def known_ids(guest: Guest) -> Ids:
    """Read before anything is altered."""

    async def data(tool: str, **arguments: Any) -> Any:
        answer = await guest.client.call_tool(tool, arguments)
        assert answer.structured_content is not None, answer
        return answer.structured_content

    send: Arguments = {"to": [KNOWN], "text": "Hello", "channels": ["sms"]}
    asked = await data("send_message", **send)
    sent = await data("send_message", **send, confirmation_token=asked["confirmation_token"])
    return Ids(
        contact=(await data("find_contact_by_phone", phone_number=KNOWN))["contact"]["id"],
        opted_out=(await data("list_contacts", opt_out=True))["contacts"][0]["id"],
        template=(await data("list_templates", search="order"))["templates"][0]["id"],
        message=sent["messages"][0]["message_id"],
    )


def calls(ids: Ids) -> Sequence[tuple[str, Arguments]]:
    """Each tool, in each of its ways; none of these changes anything but `create_contact`."""
    values = {"name": "Ann", "order_number": "7"}
    by_name: Arguments = {"template_name": "order_confirmation", "parameters": values}
    many = [f"+44770090{number:04}" for number in range(12)]
    return (
        ("list_contacts", {"page_size": 3}),
        ("list_contacts", {"opt_out": False}),
        ("get_contact", {"contact_id": ids.contact, "include_summary": True}),
        ("find_contact_by_phone", {"phone_number": KNOWN}),
        ("check_phone_numbers", {"phone_numbers": [KNOWN, STRANGE]}),
        ("lookup_number", {"phone_number": KNOWN}),
        ("list_templates", {}),
        ("get_message", {"message_ids": [ids.message]}),
        ("get_message", {"to": KNOWN}),
        ("create_contact", {"phone_number": KNOWN}),
        ("create_contact", {"phone_number": STRANGE, "dry_run": True}),
        ("update_contact", {"contact_id": ids.contact, "metadata": {"a": "b"}}),
        ("update_contact", {"contact_id": ids.opted_out, "opt_out": False}),
        ("delete_contact", {"contact_id": ids.contact}),
        ("delete_contact", {"contact_id": ids.contact, "dry_run": True}),
        ("send_message", {"to": [KNOWN, ids.opted_out], **by_name, "channels": ["sms"]}),
        ("send_message", {"to": [ids.contact], "template_id": ids.template, "parameters": values}),
        ("send_message", {"to": [OTHER], "template_id": ids.template, "channels": ["rcs"]}),
        ("send_message", {"to": [OTHER], "template_name": "order_confirmatio"}),
        ("send_message", {"to": [KNOWN], "text": "Hello", "channels": ["rcs", "sms"]}),
        ("import_contacts", {"phone_numbers": many}),
        ("import_contacts", {"phone_numbers": [KNOWN, OTHER]}),
    )


async def tour(guest: Guest, ids: Ids) -> AsyncIterator[Said]:
    """Everything that is said on the way; what asks is done where a token says so."""
    for tool, arguments in calls(ids):
        said = await guest.call(tool, arguments)
        for each in said:
            yield each
        token = _token(said)
        if token is not None and tool != "delete_contact":
            for each in await guest.call(tool, {**arguments, "confirmation_token": token}):
                yield each
    for each in await guest.read(f"sent://contacts/{ids.contact}"):
        yield each
    for typed in ("4155550102", ids.contact[:6]):
        for each in await guest.complete(typed):
            yield each


def _token(said: Sequence[Said]) -> str | None:
    found = [each.value for each in said if each.where == "structured"]
    return found[0].get("confirmation_token") if found else None

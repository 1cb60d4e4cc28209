"""`sent-mcp demo`: a newcomer's first minute.

Starts the real server in a subprocess on the emulator, connects as an MCP client, asks what people
ask, and shows what a model would read. Every answer is checked against what must be true.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import mcp_types as mcp
from mcp import Client, StdioServerParameters, stdio_client
from pydantic import JsonValue
from rich.console import Console
from rich.text import Text

Facts = dict[str, JsonValue]
_MOST_LINES = 7
_INDENT = " " * 9
_DELIVERY_SECONDS = 20.0
_SEND: Facts = {
    "to": ["+1 415 555 0102"],
    "template_name": "order_confirmation",
    "parameters": {"name": "Ann", "order_number": "1042"},
}


@dataclass
class Conversation:
    """One connection to the server, and what was said over it."""

    client: Client
    console: Console
    wrong: int = 0

    async def ask(
        self, question: str, tool: str, arguments: Facts, is_right: Callable[[Facts], bool]
    ) -> Facts:
        """Ask, show the call and the answer, and check it. Returns the structured answer."""
        self.console.print(f"\n[bold cyan]You[/]    {question}")
        return await self.call(tool, arguments, is_right)

    async def call(self, tool: str, arguments: Facts, is_right: Callable[[Facts], bool]) -> Facts:
        """One call, shown and checked."""
        shown = ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())
        self.console.print(Text.assemble(("Model  ", "bold magenta"), f"{tool}({shown})"))
        result = await self.client.call_tool(tool, arguments)
        text = "\n".join(part.text for part in result.content if isinstance(part, mcp.TextContent))
        facts: Facts = {} if result.is_error else result.structured_content
        right = not result.is_error and is_right(facts)
        self.wrong += not right
        self._show(text, right)
        return facts

    async def delivered(self, message_id: str) -> Facts:
        """Ask until the message has arrived; the emulator takes about four seconds."""
        with anyio.move_on_after(_DELIVERY_SECONDS):
            while True:
                result = await self.client.call_tool("get_message", {"message_ids": [message_id]})
                if _outcome(result.structured_content) == "delivered":
                    break
                await anyio.sleep(0.5)
        return await self.call(
            "get_message",
            {"message_ids": [message_id]},
            lambda facts: _outcome(facts) == "delivered",
        )

    def _show(self, text: str, right: bool) -> None:
        *lines, last = text.splitlines()
        more = len(lines) - _MOST_LINES
        cut = [*lines[:_MOST_LINES], f"... {more} more lines"] if more > 1 else lines
        mark = Text("✓ ", "green") if right else Text("✗ not what it should be: ", "bold red")
        body = f"\n{_INDENT}".join([*cut, last])
        self.console.print(Text.assemble(_INDENT[:-2], mark, body))


async def run_demo() -> int:
    """Hold the conversation; 0 only if every answer was right."""
    console = Console(highlight=False)
    console.print(
        "[bold]sent-mcp demo[/]: a real MCP server over stdio, on an emulated address book"
    )
    console.print("of 150 contacts. No account, no key; nothing leaves this machine.", style="dim")
    command = ["-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
    server = StdioServerParameters(command=sys.executable, args=command)
    async with Client(stdio_client(server)) as client:
        talk = Conversation(client, console)
        listed = (await client.list_tools()).tools
        console.print(
            f"\nThe server offers {len(listed)} tools: {', '.join(t.name for t in listed)}."
        )
        await _questions(talk)
        await _changes(talk)
        await _guarded(talk)
    ending = "Every answer was right." if not talk.wrong else f"{talk.wrong} answers were wrong."
    console.print(
        f"\n[bold]{ending}[/] Next: sent-mcp serve --demo in your MCP host; see the README."
    )
    return 1 if talk.wrong else 0


async def _questions(talk: Conversation) -> None:
    find = "find_contact_by_phone"
    await talk.ask(
        "Is +1 (415) 555-0102 on WhatsApp?",
        find,
        {"phone_number": "+1 (415) 555-0102"},
        lambda facts: facts["whatsapp"] == "yes",
    )
    await talk.ask(
        "And 415-555-0101, in the US?",
        find,
        {"phone_number": "+1 415-555-0101"},
        lambda facts: facts["whatsapp"] == "no",
    )
    await talk.ask(
        "And +1 415 555 0160?",
        find,
        {"phone_number": "+14155550160"},
        lambda facts: facts["whatsapp"] == "unknown" and facts["found"] is False,
    )
    await talk.ask(
        "Who can only be reached on WhatsApp?",
        "list_contacts",
        {"reach": "whatsapp_only"},
        lambda facts: _length(facts["contacts"]) == 2 and facts["complete"] is True,
    )


async def _changes(talk: Conversation) -> None:
    made = await talk.ask(
        "Add +44 20 7946 0123.",
        "create_contact",
        {"phone_number": "+44 20 7946 0123"},
        lambda facts: facts["status"] == "created",
    )
    await talk.ask(
        "No more messages to that one, please.",
        "update_contact",
        {"contact_id": _contact(made)["id"], "opt_out": True},
        lambda facts: _contact(facts)["opt_out"] is True,
    )


async def _guarded(talk: Conversation) -> None:
    asked = await talk.ask(
        "Send order_confirmation to +1 415 555 0102.",
        "send_message",
        _SEND,
        lambda facts: facts["status"] == "confirmation_required",
    )
    sent = await talk.ask(
        "Yes, send it.",
        "send_message",
        {**_SEND, "confirmation_token": asked.get("confirmation_token")},
        lambda facts: facts["status"] == "accepted",
    )
    talk.console.print("\n[bold cyan]You[/]    Did it arrive?")
    await talk.delivered(str(_first(sent["messages"])["message_id"]))
    found = await talk.ask(
        "Delete the contact +1 415 555 0104.",
        "find_contact_by_phone",
        {"phone_number": "+1 415 555 0104"},
        lambda facts: facts["found"] is True,
    )
    target = {"contact_id": _contact(found)["id"]}
    asked = await talk.call(
        "delete_contact", target, lambda facts: facts["status"] == "confirmation_required"
    )
    await talk.ask(
        "Yes, delete it.",
        "delete_contact",
        {**target, "confirmation_token": asked.get("confirmation_token")},
        lambda facts: facts["status"] == "deleted",
    )


def _contact(facts: Facts) -> Facts:
    contact = facts.get("contact")
    return contact if isinstance(contact, dict) else {}


def _first(items: JsonValue) -> Facts:
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}


def _outcome(facts: Facts) -> JsonValue:
    return _first(facts.get("messages")).get("outcome")


def _length(items: JsonValue) -> int:
    return len(items) if isinstance(items, list) else 0


def _short(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)

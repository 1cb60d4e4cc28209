"""`sent-mcp demo`: a newcomer's first minute.

Starts the real server in a subprocess on the emulator, connects as an MCP client, asks what people
ask, and shows what a model would read. Every answer is checked against what must be true.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio
import mcp_types as mcp
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from pydantic import JsonValue
from rich.console import Console
from rich.text import Text

Facts = dict[str, JsonValue]
_LONG = 9
"""Answers above this many lines and the last are shown in part."""
_SHOWN = 7
_SERVE = ("--demo", "--state", "memory:")
_QUESTION = "Question:"
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
        self.say(question)
        return await self.call(tool, arguments, is_right)

    def say(self, question: str) -> None:
        """What the person asks."""
        self.console.print()
        self._row("You    ", "bold cyan", Text(question, "bold"))

    async def call(self, tool: str, arguments: Facts, is_right: Callable[[Facts], bool]) -> Facts:
        """One call, shown and checked."""
        shown = ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())
        called = Text.assemble((tool, "magenta"), f"({shown})")
        self._row("Model  ", "bold magenta", called)
        text, facts = await self._answer(tool, arguments)
        right = facts is not None and is_right(facts)
        self.wrong += not right
        self._show(text, right)
        return facts or {}

    async def delivered(self, message_id: JsonValue) -> Facts:
        """Ask until the message has arrived; the emulator takes about four seconds."""
        target: Facts = {"message_ids": [message_id]}
        with anyio.move_on_after(_DELIVERY_SECONDS):
            while True:
                _, facts = await self._answer("get_message", target)
                if _outcome(facts) != "pending":
                    break
                await anyio.sleep(0.5)
        return await self.call("get_message", target, lambda facts: _outcome(facts) == "delivered")

    async def _answer(self, tool: str, arguments: Facts) -> tuple[str, Facts | None]:
        """What the model reads, and the same facts; none when it is an error."""
        try:
            result = await self.client.call_tool(tool, arguments)
        except MCPError as error:
            return error.message, None
        text = "\n".join(part.text for part in result.content if isinstance(part, mcp.TextContent))
        return text, None if result.is_error else result.structured_content

    def _show(self, text: str, right: bool) -> None:
        *lines, last = text.splitlines()
        if len(lines) > _LONG:
            lines = [*lines[:_SHOWN], f"... {len(lines) - _SHOWN} more lines"]
        if right:
            self._row("       ✓ ", "green", _read([*lines, last]))
        else:
            self._row("       ✗ ", "bold red", _read(["This is wrong:", *lines, last]))

    def _row(self, label: str, style: str, body: Text) -> None:
        """One turn; what does not fit into a line goes on under its beginning."""
        margin = Text.assemble((label, style))
        for line in body.split("\n"):
            begin = len(line.plain) - len(line.plain.lstrip())
            indent = Text(" " * begin)
            for part in line[begin:].wrap(self.console, self.console.width - len(label) - begin):
                part.rstrip()
                self.console.print(margin + indent + part)
                margin = Text(" " * len(label))


def _read(lines: Sequence[str]) -> Text:
    """An answer: the outcome stands out, and what a person is to be asked."""
    styles, asks = [""], False
    for line in lines[1:]:
        asks = line == _QUESTION or (asks and line.startswith(" "))
        styles.append("yellow" if asks else "dim")
    return Text("\n").join(map(Text, lines, styles))


async def run_demo(flags: Sequence[str] = _SERVE) -> int:
    """Hold the conversation with `sent-mcp serve` and these flags; 0 if every answer was right."""
    console = Console(highlight=False)
    console.print(
        "[bold]sent-mcp demo[/]: a real MCP server over stdio, on an emulated address book"
    )
    console.print("of 150 contacts. No account, no key; nothing leaves this machine.", style="dim")
    wrong: int | None = None
    try:
        wrong = await _converse(["-m", "sent_mcp", "serve", *flags], console)
    except* MCPError:
        console.print("\nThe server did not start.", style="bold red")
    if wrong == 0:
        console.print(
            "\n[bold]Every answer was right.[/] Ask it yourself: `sent-mcp install HOST --demo`"
        )
        console.print("puts it into your MCP host; `sent-mcp install --help` names the hosts.")
        return 0
    if wrong is not None:
        console.print(f"\nAnswers that were wrong: {wrong}.", style="bold red")
    return 1


async def _converse(command: list[str], console: Console) -> int:
    server = StdioServerParameters(command=sys.executable, args=command)
    async with Client(stdio_client(server)) as client:
        talk = Conversation(client, console)
        listed = (await client.list_tools()).tools
        names = ", ".join(tool.name for tool in listed)
        console.print(f"\nThe server offers {len(listed)} tools: {names}.")
        await _questions(talk)
        await _changes(talk)
        await _guarded(talk)
    return talk.wrong


async def _questions(talk: Conversation) -> None:
    find = "find_contact_by_phone"
    await talk.ask(
        "Is +1 (415) 555-0102 on WhatsApp?",
        find,
        {"phone_number": "+1 (415) 555-0102"},
        lambda facts: facts.get("whatsapp") == "yes",
    )
    await talk.ask(
        "And 415-555-0101, in the US?",
        find,
        {"phone_number": "+1 415-555-0101"},
        lambda facts: facts.get("whatsapp") == "no",
    )
    await talk.ask(
        "And +1 415 555 0160?",
        find,
        {"phone_number": "+14155550160"},
        lambda facts: facts.get("whatsapp") == "unknown" and facts.get("found") is False,
    )
    await talk.ask(
        "Which of these are on WhatsApp: +1 415 555 0103, 0104, 0160 and 0188?",
        "check_phone_numbers",
        {"phone_numbers": [f"+1415555{last}" for last in ("0103", "0104", "0160", "0188")]},
        lambda facts: facts.get("whatsapp") == ["+14155550104"] and facts.get("complete") is True,
    )
    await talk.ask(
        "Who can only be reached on WhatsApp?",
        "list_contacts",
        {"reach": "whatsapp_only"},
        lambda facts: _length(facts.get("contacts")) == 2 and facts.get("complete") is True,
    )


async def _changes(talk: Conversation) -> None:
    made = await talk.ask(
        "Add +44 20 7946 0123.",
        "create_contact",
        {"phone_number": "+44 20 7946 0123"},
        lambda facts: facts.get("status") == "created",
    )
    await talk.ask(
        "No more messages to that one, please.",
        "update_contact",
        {"contact_id": _contact(made).get("id"), "opt_out": True},
        lambda facts: _contact(facts).get("opt_out") is True,
    )


async def _guarded(talk: Conversation) -> None:
    asked = await talk.ask(
        "Send order_confirmation to +1 415 555 0102.",
        "send_message",
        _SEND,
        lambda facts: facts.get("status") == "confirmation_required",
    )
    sent = await talk.ask(
        "Yes, send it.",
        "send_message",
        {**_SEND, "confirmation_token": asked.get("confirmation_token")},
        lambda facts: facts.get("status") == "accepted",
    )
    talk.say("Did it arrive?")
    await talk.delivered(_first(sent.get("messages")).get("message_id"))
    found = await talk.ask(
        "Delete the contact +1 415 555 0104.",
        "find_contact_by_phone",
        {"phone_number": "+1 415 555 0104"},
        lambda facts: facts.get("found") is True,
    )
    target = {"contact_id": _contact(found).get("id")}
    asked = await talk.call(
        "delete_contact", target, lambda facts: facts.get("status") == "confirmation_required"
    )
    await talk.ask(
        "Yes, delete it.",
        "delete_contact",
        {**target, "confirmation_token": asked.get("confirmation_token")},
        lambda facts: facts.get("status") == "deleted",
    )


def _contact(facts: Facts) -> Facts:
    contact = facts.get("contact")
    return contact if isinstance(contact, dict) else {}


def _first(items: JsonValue) -> Facts:
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}


def _outcome(facts: Facts | None) -> JsonValue:
    return _first((facts or {}).get("messages")).get("outcome")


def _length(items: JsonValue) -> int:
    return len(items) if isinstance(items, list) else 0


def _short(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)

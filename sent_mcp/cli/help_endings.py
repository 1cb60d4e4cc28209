"""What the help of each command ends with: examples, and what its exit code says."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

EXAMPLES, EXIT_CODE = "Examples", "Exit code"
_USAGE = "wrong usage"
_STOPPED = {130: "stopped by Ctrl-C", 143: "stopped by SIGTERM"}


@dataclass(frozen=True)
class Ending:
    """Commands to copy, and the meaning of each exit code."""

    examples: tuple[str, ...] = ()
    exits: Mapping[int, str] = field(default_factory=dict[int, str])


ENDINGS: Mapping[str, Ending] = {
    "serve": Ending(
        (
            "sent-mcp serve --demo",
            "sent-mcp serve --read-only --toolsets contacts",
            "sent-mcp serve --demo --transport http --port 8000",
        ),
        {
            0: "the host has left",
            1: "its output or its port cannot be used",
            2: f"wrong settings, or {_USAGE}",
            **_STOPPED,
        },
    ),
    "demo": Ending(exits={0: "every answer was right", 1: "some were not", 2: _USAGE}),
    "tools": Ending(
        ("sent-mcp tools", "sent-mcp tools --demo --json"),
        {0: "done", 1: "wrong settings", 2: _USAGE},
    ),
    "call": Ending(
        (
            "sent-mcp call find_contact_by_phone phone_number='+1 415 555 0102' --demo",
            "sent-mcp call list_contacts reach=whatsapp_only --demo --json",
            "sent-mcp call check_phone_numbers 'phone_numbers=[\"+14155550102\"]' --demo",
        ),
        {
            0: "done",
            1: "the tool refused or failed, or wrong settings",
            2: f"no such tool, or {_USAGE}",
            3: "confirmation is needed first; the answer has the token",
        },
    ),
    "check": Ending(
        (
            "sent-mcp check numbers.txt --demo",
            "sent-mcp check people.csv --column mobile --region US --out said.csv",
        ),
        {
            0: "every number is decided",
            1: "some are not, or the account cannot be used",
            2: f"the file cannot be read, or {_USAGE}",
            **_STOPPED,
        },
    ),
    "install": Ending(
        (
            "sent-mcp install claude-code --demo",
            "SENT_API_KEY_FILE=~/.sent-api-key sent-mcp install zed",
            "sent-mcp install cursor --print",
        ),
        {0: "done, or nothing to do", 1: "refused; nothing was changed", 2: _USAGE},
    ),
    "doctor": Ending(
        ("sent-mcp doctor", "SENT_API_KEY_FILE=~/.sent-api-key sent-mcp doctor --json"),
        {0: "usable", 1: "not usable", 2: f"settings that cannot be read, or {_USAGE}"},
    ),
    "emulator": Ending(
        (
            "sent-mcp emulator --contacts 1000",
            "SENT_BASE_URL=http://127.0.0.1:8787 SENT_API_KEY=sk_test_emulator sent-mcp",
        ),
        {1: "its port or its file cannot be used", 2: _USAGE, **_STOPPED},
    ),
}


def ending(command: str) -> str:
    """The same as text, for a parser that takes some."""
    examples = "".join(f"\n  {example}" for example in ENDINGS[command].examples)
    exits = "".join(f"\n  {code:<3}  {said}" for code, said in ENDINGS[command].exits.items())
    return f"{bold(EXAMPLES)}:{examples}\n\n{bold(EXIT_CODE)}:{exits}"


def bold(heading: str) -> str:
    """A heading, bold where a terminal shows it so and nobody minds (`NO_COLOR`)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    if plain or sys.platform == "win32" or not os.isatty(1):
        return heading
    return f"\x1b[1m{heading}\x1b[0m"

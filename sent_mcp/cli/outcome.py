"""How a command ends: its exit code, and what is said when it fails."""

import json
import sys

from pydantic import JsonValue

DONE, FAILED, USAGE, CONFIRM = 0, 1, 2, 3


class UsageError(ValueError):
    """The command's words are off."""


def print_error(text: str, *, as_json: bool) -> None:
    """Print `CODE: message`, as JSON for programs and on stderr for people."""
    if as_json:
        code, _, message = text.partition(": ")
        print_json({"error": {"code": code, "message": message}})
    else:
        print(text, file=sys.stderr)


def print_json(value: JsonValue) -> None:
    """Print a value for programs."""
    print(json.dumps(value, indent=2))

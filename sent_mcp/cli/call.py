"""`sent-mcp tools` and `sent-mcp call`: what a host sees, and one call, through MCP."""

import json
import shutil
import textwrap
from collections.abc import Sequence

import mcp_types as mcp
from mcp import Client
from pydantic import JsonValue

from sent_mcp.cli.launch import launch_emulator, launch_settings
from sent_mcp.cli.nearest import did_you_mean
from sent_mcp.cli.outcome import CONFIRM, DONE, FAILED, UsageError, print_error, print_json
from sent_mcp.server import build_server
from sent_mcp.serving.logs import log_to_stderr

_DONE_STATUSES = (
    "created",
    "exists",
    "updated",
    "unchanged",
    "deleted",
    "accepted",
    "dry_run",
    "imported",
)


def parse_arguments(pairs: Sequence[str], as_object: str | None) -> dict[str, JsonValue]:
    """`key=value` words on top of a JSON object. Values stay text; the tool reads them.

    Raises UsageError.
    """
    arguments: dict[str, JsonValue] = {}
    if as_object is not None:
        try:
            given: JsonValue = json.loads(as_object)
        except ValueError as error:
            raise UsageError(f"--args is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise UsageError("--args must be a JSON object")
        arguments.update(given)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"{pair!r} is not key=value")
        arguments[name] = value
    return arguments


async def print_tools(*, demo: bool, demo_db: str | None, as_json: bool) -> int:
    """Print what `tools/list` answers; the exit code. Raises SettingsError."""
    async with _client(demo, demo_db) as client:
        listed = (await client.list_tools()).tools
    if as_json:
        shown: JsonValue = [
            tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed
        ]
        print_json(shown)
        return DONE
    width = shutil.get_terminal_size().columns
    for tool in listed:
        properties: dict[str, JsonValue] = tool.input_schema["properties"]
        needed: list[str] = tool.input_schema.get("required", [])
        words = (name if name in needed else f"[{name}]" for name in properties)
        print(tool.name, *words)
        print(textwrap.indent(textwrap.fill(tool.description or "", width - 4), "    "))
    return DONE


async def call_tool(
    name: str,
    pairs: Sequence[str],
    as_object: str | None,
    *,
    demo: bool,
    demo_db: str | None,
    as_json: bool,
) -> int:
    """Call one tool and print its answer; the exit code. Raises SettingsError, UsageError."""
    arguments = parse_arguments(pairs, as_object)
    async with _client(demo, demo_db) as client:
        known = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool(name, arguments) if name in known else None
    if result is None:
        near = did_you_mean(name, known)
        raise UsageError(f"no tool {name!r}{near} There are: {', '.join(known)}")
    text = "\n".join(part.text for part in result.content if isinstance(part, mcp.TextContent))
    if result.is_error:
        print_error(text, as_json=as_json)
        return FAILED
    if as_json:
        print_json(result.structured_content)
    else:
        print(text)
    return _exit_code(result.structured_content)


def _client(demo: bool, demo_db: str | None) -> Client:
    demo = demo or demo_db is not None
    settings = launch_settings(demo=demo)
    log_to_stderr(settings.log_level)
    return Client(build_server(settings, emulator=launch_emulator(demo=demo, demo_db=demo_db)))


def _exit_code(structured: dict[str, JsonValue]) -> int:
    status = structured.get("status")
    counts = structured.get("counts")
    if isinstance(counts, dict) and counts.get("failed"):
        return FAILED
    if status is None or status in _DONE_STATUSES:
        return DONE
    return CONFIRM if status == "confirmation_required" else FAILED

"""`sent-mcp serve`: the server on stdio. Loads neither typer nor rich; hosts start it often."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, Never, get_args, get_origin

import anyio
from pydantic.fields import FieldInfo

from sent_mcp.cli.launch import launch_emulator, launch_settings
from sent_mcp.errors import SettingsError
from sent_mcp.front import Opening
from sent_mcp.offered import offered_tools
from sent_mcp.server import build_server
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.serving.stdio import serve_stdio
from sent_mcp.settings import SENT_URL, Settings, flag_of, flags, variable_of


def serve(arguments: Sequence[str], opening: Opening, leave: Callable[[int], Never]) -> int:
    """Serve until stdin ends, and `leave` with the exit code; returns one that says why not."""
    given = vars(_parser().parse_args(arguments))
    demo_db = given.pop("demo_db")
    demo = given.pop("demo") or demo_db is not None
    try:
        settings = launch_settings(demo=demo, **given)
        emulator = launch_emulator(demo=demo, demo_db=demo_db)
    except SettingsError as error:
        print(f"sent-mcp: {error}", file=sys.stderr)
        return 2
    log_to_stderr(settings.log_level)
    for line in _warnings(settings, demo=demo):
        # Nobody may be there to read it.
        with suppress(OSError):
            print(f"sent-mcp: {line}", file=sys.stderr)
    server = build_server(settings, emulator=emulator)

    async def until_the_end() -> int:
        # From inside the loop: its end would wait for names that are looked up, half a minute.
        leave(await serve_stdio(server, opening, server.abandon))

    return anyio.run(until_the_end)


def _warnings(settings: Settings, *, demo: bool) -> list[str]:
    """What an operator should know at start, on stderr."""
    said: list[str] = []
    if settings.base_url != SENT_URL and not demo:
        said.append(f"The API is {settings.base_url}, not Sent's own (SENT_BASE_URL).")
    if settings.confirm == "off":
        said.append("No confirmation is asked for anything (SENT_MCP_CONFIRM=off).")
    if settings.dry_run:
        said.append("Every change is only a dry run (SENT_MCP_DRY_RUN).")
    if not offered_tools(settings):
        said.append("No tool is left to offer (SENT_MCP_TOOLSETS, SENT_MCP_READ_ONLY).")
    return said


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sent-mcp serve",
        usage="sent-mcp serve [--demo | --demo-db PATH] [SETTINGS]",
        description="Serve MCP on stdin and stdout, the way an MCP host starts it.",
        allow_abbrev=False,
    )
    parser.add_argument("--demo", action="store_true", help="Use an embedded emulator; no key")
    parser.add_argument("--demo-db", metavar="PATH", help="Like --demo, and keep its data here")
    group = parser.add_argument_group(
        "settings",
        "Each can also come from the variable in brackets; the flag wins. The key has no flag: "
        "it comes from SENT_API_KEY, or from the file named by SENT_API_KEY_FILE.",
    )
    for name, info in flags().items():
        described = f"{info.description} ({variable_of(name)}{_default(info)})".replace("%", "%%")
        if info.annotation is bool:
            group.add_argument(flag_of(name), action=argparse.BooleanOptionalAction, help=described)
        else:
            group.add_argument(flag_of(name), metavar=_metavar(info), help=described)
    return parser


def _metavar(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return "|".join(get_args(info.annotation))
    return "N" if info.annotation is int or info.annotation is float else "TEXT"


def _default(info: FieldInfo) -> str:
    default: str | float | tuple[str, ...] | None = info.default
    if not default:
        return ""
    return f", default {','.join(default) if isinstance(default, tuple) else default}"

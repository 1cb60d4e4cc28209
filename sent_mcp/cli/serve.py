"""`sent-mcp serve`: the server on stdio. Loads neither typer nor rich; hosts start it often."""

import argparse
import sys
from collections.abc import Sequence

import anyio

from sent_mcp.cli.launch import launch_emulator, launch_settings, warnings
from sent_mcp.errors import SettingsError
from sent_mcp.server import build_server
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.serving.stdio import serve_stdio
from sent_mcp.settings import flag_of, flags, variable_of


def serve(arguments: Sequence[str]) -> int:
    """Serve until stdin ends; the exit code."""
    given = vars(_parser().parse_args(arguments))
    demo_db = given.pop("demo_db")
    demo = given.pop("demo") or demo_db is not None
    try:
        settings = launch_settings(demo=demo, **given)
    except SettingsError as error:
        print(f"sent-mcp: {error}", file=sys.stderr)
        return 2
    log_to_stderr(settings.log_level)
    for line in warnings(settings, demo=demo):
        print(f"sent-mcp: {line}", file=sys.stderr)
    server = build_server(settings, emulator=launch_emulator(demo=demo, demo_db=demo_db))
    try:
        anyio.run(serve_stdio, server)
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sent-mcp serve",
        description="Serve MCP on stdin and stdout. Flags win over the environment.",
        allow_abbrev=False,
    )
    parser.add_argument("--demo", action="store_true", help="an embedded emulator; needs no key")
    parser.add_argument("--demo-db", metavar="PATH", help="like --demo, and keep its data here")
    for name, info in flags().items():
        described = f"{info.description} ({variable_of(name)})".replace("%", "%%")
        action = argparse.BooleanOptionalAction if info.annotation is bool else "store"
        parser.add_argument(flag_of(name), dest=name, action=action, help=described)
    return parser

"""`sent-mcp serve`: the server on stdio, or over HTTP.

Loads neither typer nor rich, and nothing of HTTP for stdio; hosts start it often.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Never

import anyio

from sent_mcp.cli.launch import launch_emulator, launch_settings
from sent_mcp.cli.serve_flags import parse_flags
from sent_mcp.cli.start_warnings import about, warn
from sent_mcp.cli.traces import traced
from sent_mcp.errors import SettingsError
from sent_mcp.front import Opening
from sent_mcp.server import SentServer, build_server
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.serving.stdio import serve_stdio


def serve(arguments: Sequence[str], opening: Opening, leave: Callable[[int], Never]) -> int:
    """Serve until the end, and `leave` with the exit code; returns one that says why not."""
    given = parse_flags(arguments)
    try:
        settings = launch_settings(demo=given.demo, **given.settings)
        if given.transport == "http":
            from sent_mcp.cli.serve_http import serve_http

            return serve_http(given, settings, arguments)
        emulator = launch_emulator(demo=given.demo, demo_db=given.demo_db)
        server = build_server(settings, emulator=emulator)
    except SettingsError as error:
        print(f"sent-mcp: {error}", file=sys.stderr)
        return 2
    log_to_stderr(settings.log_level)
    warn(about(settings, demo=given.demo))
    if os.isatty(0):
        from sent_mcp.cli.first_contact import greet

        greet(settings, demo=given.demo)
    return _serve_stdio(server, opening, leave)


def _serve_stdio(server: SentServer, opening: Opening, leave: Callable[[int], Never]) -> int:
    end_traces = traced()

    async def until_the_end() -> int:
        code = await serve_stdio(server, opening, server.abandon)
        end_traces()
        # From inside the loop: its end would wait for names that are looked up, half a minute.
        leave(code)

    return anyio.run(until_the_end)

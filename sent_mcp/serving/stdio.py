"""MCP over stdin and stdout, the way hosts start a server."""

import sys
from collections.abc import Callable
from typing import Any

from mcp.server.lowlevel import Server

from sent_mcp.front import Opening


def _nothing() -> None:
    """There is nothing to do before the end."""


async def serve_stdio(
    server: Server[Any], opening: Opening | None = None, abandon: Callable[[], None] = _nothing
) -> int:
    """Serve until the end; the exit code of the process, which should end then.

    0 after the end of stdin, the death of the parent, and when nobody reads stdout any more; 1 when
    stdout cannot be written for another reason; 130 after SIGINT and 143 after SIGTERM. A change
    that was approved is finished in each case, after a signal for two seconds at most: then
    `abandon` is called, and the process is gone. What is printed afterwards goes to stderr. On
    Windows the SDK's transport serves, and it is always 0.
    """
    if sys.platform == "win32":
        from mcp.server.stdio import stdio_server

        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
        return 0
    from sent_mcp.serving.posix import serve_descriptors

    return await serve_descriptors(server, opening, abandon)

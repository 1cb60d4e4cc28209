"""One process that serves MCP over HTTP on a socket."""

import socket
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.lowlevel import Server

from sent_mcp.http_settings import HttpSettings
from sent_mcp.serving.ending import watched
from sent_mcp.serving.http.app import App
from sent_mcp.serving.http.credentials import Credentials
from sent_mcp.serving.http.exchange import Exchange
from sent_mcp.serving.http.listening import HttpServer
from sent_mcp.serving.http.origins import Origins
from sent_mcp.serving.http.readiness import Readiness

if TYPE_CHECKING:
    from sent_mcp.serving.http.metrics import Metrics


async def serve_socket(
    server: Server[Any],
    http: HttpSettings,
    listening: socket.socket,
    reach_state: Callable[[], Awaitable[None]],
    *,
    credentials: Credentials,
    parent: int | None,
    metrics: "Metrics",
) -> int:
    """Serve until a signal (128 and its number), or until `parent`, if given, is gone (0).

    Calls under way are finished, for a minute at most. `reach_state` raises SentError while the
    state store is away.
    """
    readiness, exit_code = Readiness(reach_state), 0
    async with server.lifespan(server) as state:
        exchange = Exchange(server, state)
        app = App(exchange, credentials, Origins(http), readiness, metrics)
        serving = HttpServer(app, readiness)
        # A server that somebody started in the background outlives them; a worker does not.
        with nullcontext() if parent is None else watched(parent, serving.stop):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(readiness.keep_looking)
                exit_code = await serving.until_signal(listening)
                tasks.cancel_scope.cancel()
    return exit_code

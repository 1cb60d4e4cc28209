"""Serving the emulator on a socket, in a way that lets faults cut connections."""

import asyncio
import socket
from collections.abc import Callable

import anyio
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from sent_mcp.emulator.connections import Connections
from sent_mcp.emulator.state import emulator_of


async def run(
    app: Starlette, *, host: str, port: int, on_ready: Callable[[int], None] | None
) -> None:
    """Serves until cancelled or interrupted, then closes every connection."""
    emulator = emulator_of(app)
    # A server must not say it is ready while 200,000 contacts are still being seeded.
    _ = emulator.database
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            http=_protocol(emulator.connections),
            lifespan="off",
            log_level="warning",
            access_log=False,
            # A forwarded address must not pass for a loopback one.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, on_ready)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            with anyio.CancelScope(shield=True):
                await serving
            raise


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    # asyncio sends without delay only on sockets that say they are TCP; else each answer of two
    # parts takes 40 ms more.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.detach())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready is not None and sockets:
            port: int = sockets[0].getsockname()[1]
            self._on_ready(port)


def _protocol(connections: Connections) -> type[asyncio.Protocol]:
    """h11, which also tells `connections` about every socket."""

    class CuttableProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            super().connection_made(transport)
            if self.client is not None:
                connections.add(self.client, transport)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                connections.forget(self.client)
            super().connection_lost(exc)

    return CuttableProtocol

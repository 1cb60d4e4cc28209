"""Open sockets by peer, so that a fault can really cut one."""

import asyncio

from starlette.types import Receive, Scope

Peer = tuple[str, int]


class ConnectionDropped(ConnectionError):  # noqa: N818  named for what happened
    """Raised out of the application where there is no socket to cut.

    Behind an in-process transport this stands for a connection that broke before, or in the middle
    of, the answer; a client's transport should treat it as such.
    """


class Connections:
    """The transports of a running server; empty behind an in-process transport."""

    def __init__(self) -> None:
        self._transports: dict[Peer, asyncio.Transport] = {}

    def add(self, peer: Peer, transport: asyncio.Transport) -> None:
        """Remembers an opened connection."""
        self._transports[peer] = transport

    def forget(self, peer: Peer) -> None:
        """Forgets a closed connection."""
        self._transports.pop(peer, None)

    async def cut(self, scope: Scope, receive: Receive, *, flush: bool = False) -> None:
        """Cuts the connection of a request, after sending what was written if `flush`.

        Raises `ConnectionDropped` when there is no socket.
        """
        peer: Peer | None = scope["client"]
        transport = self._transports.get(peer) if peer else None
        if transport is None:
            raise ConnectionDropped("the emulator was told to drop this connection")
        if flush:
            transport.close()
        else:
            transport.abort()
        # Returning earlier would let the server answer for an application that did not.
        while (await receive())["type"] != "http.disconnect":
            pass

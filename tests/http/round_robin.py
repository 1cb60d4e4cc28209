"""A small load balancer on a socket: each connection goes to the next replica that takes it.

A replica that cannot be connected to is passed over. What went out is never sent again.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

import anyio
from anyio.abc import SocketStream

_GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass
class Lost:
    """Connections that a replica ended before its client did; `silent` ones said nothing at all."""

    cut: int = 0
    silent: int = 0


class RoundRobin:
    """Passes bytes on, one request to a connection."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turns = count()
        self.lost = Lost()

    async def pass_on(self, client: SocketStream) -> None:
        """Serve one connection of a client to its end."""
        async with client, await self._next() as replica, anyio.create_task_group() as tasks:

            async def ask() -> None:
                with suppress(*_GONE):
                    while True:
                        await replica.send(await client.receive())
                tasks.cancel_scope.cancel()

            tasks.start_soon(ask)
            said = 0
            with suppress(*_GONE):
                while True:
                    answer = await replica.receive()
                    said += len(answer)
                    await client.send(answer)
            self.lost.cut += 1
            self.lost.silent += said == 0
            tasks.cancel_scope.cancel()

    async def _next(self) -> SocketStream:
        first = next(self._turns)
        for step in range(len(self._ports)):
            port = self._ports[(first + step) % len(self._ports)]
            with suppress(OSError):
                return await anyio.connect_tcp("127.0.0.1", port)
        raise OSError("no replica takes connections")


@asynccontextmanager
async def balanced(*ports: int) -> AsyncGenerator[tuple[RoundRobin, int]]:
    """One before these ports, and its own port."""
    balancer = RoundRobin(ports)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, balancer.pass_on)
        yield balancer, listener.extra(anyio.abc.SocketAttribute.local_port)
        tasks.cancel_scope.cancel()

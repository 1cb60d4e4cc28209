"""One connection to Sent: HTTP/1.1 (RFC 9112) by h11, over an asyncio transport.

Raises httpx's exceptions, as its own transports do: `connection.py` tells them apart.
"""

import asyncio
import select
import socket
import ssl
from collections import defaultdict
from itertools import count
from typing import cast

import h11
import httpx

CONNECT_SECONDS = 5.0
_ADDRESS_SECONDS = 1.0
"""What one address of several may take of them."""
_MOST_HEADERS = 100 * 1024
_MOST_UNREAD = 256 * 1024


class Channel(asyncio.Protocol):
    """Exchanges one message after the other."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADERS)
        self._transport: asyncio.Transport | None = None
        self._handle = -1
        self._arrived = asyncio.Event()
        self._gone = asyncio.Event()
        self._lost: Exception | None = None
        self._unread = 0
        self.idle_since = 0.0

    @property
    def is_free(self) -> bool:
        """Whether the last exchange is complete, and nobody has hung up or said more than asked."""
        return (
            self._http.our_state is h11.IDLE
            and not self._unread
            and self._lost is None
            and not self._open_transport.is_closing()
        )

    @property
    def is_usable(self) -> bool:
        """Whether a request can be written right now, and the socket itself does not object.

        The loop hears of a hang-up only when it next looks. A request written before that would be
        lost, and nobody could say whether it was done.
        """
        return self.is_free and _is_quiet(self._handle)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._handle = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._http.receive_data(data)
        self._unread += len(data)
        self._arrived.set()
        if self._unread > _MOST_UNREAD:
            self._open_transport.pause_reading()

    def eof_received(self) -> bool:
        """See asyncio.Protocol. Some answers end with the connection."""
        self._http.receive_data(b"")
        self._lost = ConnectionResetError("the connection was closed")
        self._arrived.set()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._lost = self._lost or exc or ConnectionResetError("the connection was closed")
        self._arrived.set()
        self._gone.set()

    async def ask(self, request: httpx.Request) -> h11.Response:
        """Write a request; the head of its answer. Raises httpx.TransportError.

        The answer is awaited, not the end of writing: who refuses a long request may not read it.
        """
        self._open_transport.write(self._spelled(request, await request.aread()))
        while True:
            event = await self._event()
            # 1xx says only that an answer will come.
            if isinstance(event, h11.Response):
                return event

    async def part(self) -> bytes:
        """The next part of the answer's body; empty at its end. Raises httpx.TransportError."""
        event = await self._event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self._unread = len(self._http.trailing_data[0])
            self._open_transport.resume_reading()
        return b""

    def close(self) -> None:
        """Hang up at once. What is not written by now never will be.

        No farewell over TLS: the other side may be silent, and waiting for its own takes 30 s.
        """
        self._lost = self._lost or ConnectionResetError("the connection was closed here")
        self._open_transport.abort()

    async def wait_closed(self) -> None:
        """Until the socket is closed."""
        await self._gone.wait()

    @property
    def _open_transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _spelled(self, request: httpx.Request, body: bytes) -> bytes:
        try:
            target = request.extensions.get("target", request.url.raw_path)
            head = h11.Request(method=request.method, target=target, headers=request.headers.raw)
            parts = [self._http.send(head)]
            if body:
                parts.append(self._http.send(h11.Data(data=body)))
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        return b"".join(parts)

    async def _event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if self._lost is not None and not self._unread:
                    raise httpx.ReadError(str(self._lost)) from error
                raise httpx.RemoteProtocolError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            if self._lost is not None:
                raise httpx.ReadError(str(self._lost))
            self._unread = 0
            self._open_transport.resume_reading()
            self._arrived.clear()
            await self._arrived.wait()


async def connect(host: str, port: int, tls: ssl.SSLContext | None) -> Channel:
    """A new connection; with a TLS context an encrypted one.

    Raises httpx.ConnectError, httpx.ConnectTimeout.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connected = await _reach(host, port)
            _, channel = await loop.create_connection(
                Channel, sock=connected, ssl=tls, server_hostname=host if tls else None
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"no connection within {CONNECT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:
        # The resolver's answer to a name that cannot be one is a UnicodeError.
        raise httpx.ConnectError(str(error) or type(error).__name__) from error
    return channel


async def _reach(host: str, port: int) -> socket.socket:
    """A socket connected to the first address of a host that takes it. Raises OSError.

    Both families take turns, for often one of them leads nowhere. Not asyncio's race of all
    (`happy_eyeballs_delay`): cancelled at its end, it leaves the winner's socket open.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    turns = defaultdict[int, "count[int]"](count)
    found.sort(key=lambda each: next(turns[each[0]]))
    failures: list[str] = []
    for family, kind, protocol, _, address in found:
        is_last = len(failures) == len(found) - 1
        try:
            async with asyncio.timeout(None if is_last else _ADDRESS_SECONDS):
                return await _connected(socket.socket(family, kind, protocol), address)
        except OSError as error:
            failures.append(str(error) or f"{address[0]!r} does not answer")
    raise OSError(", ".join(failures))


async def _connected(new: socket.socket, address: tuple[str | int | bytes, ...]) -> socket.socket:
    try:
        new.setblocking(False)
        await asyncio.get_running_loop().sock_connect(new, address)
    except BaseException:
        new.close()
        raise
    return new


def _is_quiet(handle: int) -> bool:
    """Whether a socket takes bytes, and has nothing to say: not even that it was closed."""
    poll = select.poll()
    poll.register(handle, select.POLLIN | select.POLLOUT)
    return poll.poll(0) == [(handle, select.POLLOUT)]

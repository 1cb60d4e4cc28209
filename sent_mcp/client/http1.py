"""A transport for httpx with connections of our own, for one host and without a proxy.

httpcore, which httpx uses otherwise, looks at every connection of its pool for each request, which
costs most when many are under way; this pool does not.
Everything but the connections stays httpx's: URLs, headers, compression, TLS settings.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

import httpx

from sent_mcp.client.channel import Channel, connect

MOST_CONNECTIONS = 32
IDLE_SECONDS = 5.0
_PIECE = 16 * 1024
"""What is unpacked at a time: gzip can make a thousand bytes of one."""


class Http1Transport(httpx.AsyncBaseTransport):
    """A pool of connections to one host: what is idle is used again, the latest first."""

    def __init__(self, url: httpx.URL, tls: ssl.SSLContext | None) -> None:
        """Requests go to the host of `url`, whatever they say themselves."""
        self._host = url.raw_host.decode("ascii")
        self._port = (443 if tls else 80) if url.port is None else url.port
        self._tls = tls
        self._idle: deque[Channel] = deque()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and read the head of the answer. Raises httpx.TransportError.

        Once it may have been written it is never written again: that is not this layer's to say.
        The extension `on_write` is called right before.
        """
        on_write: Callable[[], None] | None = request.extensions.get("on_write")
        await self._places.acquire()
        channel: Channel | None = None
        try:
            channel = self._waiting() or await connect(self._host, self._port, self._tls)
            if on_write is not None:
                on_write()
            head = await channel.ask(request)
        except BaseException:
            self.release(channel)
            raise
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(self, channel)
        )

    async def aclose(self) -> None:
        """Hang up every connection that is idle, and wait until that is done.

        A call under way is not cut off, which would leave its outcome open; its connection is hung
        up with its end.
        """
        self._closed = True
        idle, self._idle = self._idle, deque()
        for channel in idle:
            channel.close()
        for channel in idle:
            await channel.wait_closed()

    def release(self, channel: Channel | None) -> None:
        """Give up one place, and take back its connection whose answer was read or given up."""
        self._places.release()
        if channel is None:
            return
        if channel.is_free and not self._closed:
            channel.idle_since = time.monotonic()
            self._idle.append(channel)
        else:
            channel.close()

    def _waiting(self) -> Channel | None:
        """An idle connection nobody has hung up; what is idle for too long is closed here."""
        expired = time.monotonic() - IDLE_SECONDS
        while self._idle and self._idle[0].idle_since <= expired:
            self._idle.popleft().close()
        while self._idle:
            channel = self._idle.pop()
            if channel.is_usable:
                return channel
            channel.close()
        return None


class _Body(httpx.AsyncByteStream):
    """The body of one answer; gives its connection back when it ends or is given up."""

    def __init__(self, transport: Http1Transport, channel: Channel) -> None:
        self._transport = transport
        self._channel = channel
        self._released = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while part := await self._channel.part():
            for start in range(0, len(part), _PIECE):
                yield part[start : start + _PIECE]

    async def aclose(self) -> None:
        if not self._released:
            self._released = True
            self._transport.release(self._channel)

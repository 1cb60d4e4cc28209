"""A transport for httpx with connections of our own, for one host and without a proxy.

httpx over httpcore needs 0.6 ms of computing per request, and with 16 requests at a time more than
twice that, since every request looks at every connection of the pool; this one needs half of it and
a sixth (`python -m benchmarks throughput`). Everything but the connections stays httpx's: URLs,
headers, compression, TLS settings.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator

import httpx

from sent_mcp.client.channel import Channel, connect

MOST_CONNECTIONS = 32
IDLE_SECONDS = 5.0


class Http1Transport(httpx.AsyncBaseTransport):
    """A pool: what is idle is used again, the latest first."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._idle: list[Channel] = []
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and read the head of the answer. Raises httpx.TransportError.

        Once it may have been written it is never written again: that is not this layer's to say.
        """
        await self._places.acquire()
        channel: Channel | None = None
        try:
            channel = self._waiting() or await self._connect(request.url)
            head = await channel.ask(request)
        except BaseException:
            self._give_back(channel)
            raise
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(self, channel)
        )

    async def aclose(self) -> None:
        """Hang up every connection that is idle, and wait until that is done."""
        idle, self._idle = self._idle, []
        for channel in idle:
            channel.close()
        for channel in idle:
            await channel.wait_closed()

    def release(self, channel: Channel) -> None:
        """Take back a connection whose answer was read, or given up."""
        self._give_back(channel)

    def _give_back(self, channel: Channel | None) -> None:
        self._places.release()
        if channel is None:
            return
        if channel.is_usable:
            channel.idle_since = time.monotonic()
            self._idle.append(channel)
        else:
            channel.close()

    def _waiting(self) -> Channel | None:
        """An idle connection nobody has hung up; the others are closed here."""
        while self._idle:
            channel = self._idle.pop()
            if channel.is_usable and time.monotonic() - channel.idle_since < IDLE_SECONDS:
                return channel
            channel.close()
        return None

    async def _connect(self, url: httpx.URL) -> Channel:
        port = url.port or (443 if self._tls else 80)
        return await connect(url.host, port, self._tls)


class _Body(httpx.AsyncByteStream):
    """The body of one answer; gives its connection back when it ends or is given up."""

    def __init__(self, transport: Http1Transport, channel: Channel) -> None:
        self._transport = transport
        self._channel: Channel | None = channel
        self._parts: AsyncGenerator[bytes] = channel.body()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await self._parts.aclose()
            self._transport.release(channel)

"""An answer of several messages: Server-Sent Events on the response to one POST."""

from collections.abc import Mapping
from typing import Any

import anyio
from pydantic_core import to_json
from starlette.types import Send

PING_SECONDS = 15.0
"""Proxies hang up on a connection that is silent for a minute, or for half of one."""
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """Begins with the first notification, or after a while without one.

    Until then the answer can still be plain JSON with a status of its own.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._one_at_a_time = anyio.Lock()
        self.begun = False

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Send one notification."""
        await self._write(_event(message), last=False)

    async def end(self, message: Mapping[str, Any]) -> None:
        """Send the answer itself, the last of all."""
        await self._write(_event(message), last=True)

    async def keep_alive(self) -> None:
        """Let something be heard now and then; until cancelled."""
        while True:
            await anyio.sleep(PING_SECONDS)
            await self._write(b": ping\r\n\r\n", last=False)

    async def _write(self, event: bytes, *, last: bool) -> None:
        async with self._one_at_a_time:
            if not self.begun:
                self.begun = True
                start = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
                await self._send(start)
            await self._send({"type": "http.response.body", "body": event, "more_body": not last})


def _event(message: Mapping[str, Any]) -> bytes:
    return b"event: message\r\ndata: " + to_json(message) + b"\r\n\r\n"

"""HTTP/1.1 on one connection: uvicorn's, with an end to every wait for a client."""

import asyncio
import math
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 10.0
"""How long a client may take to send the head of a request."""
READ_SECONDS = 30.0
"""How long a client may read nothing of its answer."""
IDLE_SECONDS, STRANGER_SECONDS = 75, 5
"""Longer than a load balancer keeps an idle connection: who closes it first must not be us."""
LET_IN = "sent_mcp.let_in"
"""Set in the state of a request whose caller was let in."""


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 that waits for no client for ever, and turns away those there is no room for."""

    _head_is_late: asyncio.TimerHandle | None = None
    _reader_is_late: asyncio.TimerHandle | None = None
    _turned_away = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # uvicorn's own signature
        """Begins to wait for the first head."""
        # Where as many are open as the limit says, uvicorn answers nobody.
        if len(self.connections) + 1 >= (self.limit_concurrency or math.inf):
            self._turned_away = True
            transport.abort()
            return
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Begins to wait with the first byte of a head, and stops with its last."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for."""
        if not self._turned_away:
            self._stop_waiting()
            self.resume_writing()
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begins to wait for somebody who does not read."""
        super().pause_writing()
        self._reader_is_late = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """They read again, or are gone."""
        if self._reader_is_late is not None:
            self._reader_is_late.cancel()
            self._reader_is_late = None
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Keeps the connection open for the next request, longer for those who were let in."""
        let_in = self.scope.get("state", {}).get(LET_IN, False)
        self.timeout_keep_alive = IDLE_SECONDS if let_in else STRANGER_SECONDS
        super().on_response_complete()

    def _look(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        # After a refusal the rest of a body may come, which begins no head.
        between = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        if cycle is not None and (between or not cycle.response_complete):
            self._stop_waiting()
        elif self._head_is_late is None:
            self._head_is_late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_is_late is not None:
            self._head_is_late.cancel()
            self._head_is_late = None

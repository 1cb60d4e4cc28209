"""Sockets, and uvicorn on them: slow clients are hung up on, calls under way are finished."""

import asyncio
import signal
import socket
import time
from types import FrameType
from typing import cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from sent_mcp.serving.http.app import App
from sent_mcp.serving.http.readiness import Readiness

HEAD_SECONDS = 10.0
"""How long a client may take to send the head of a request."""
IDLE_SECONDS = 75
"""Longer than a load balancer keeps an idle connection: who closes it first must not be us."""
FINISH_SECONDS = 60.0
"""How long calls may be under way after a signal: longer than any takes."""
LAST_SECONDS = 5
"""How long after them the last bytes may take."""
MOST_CONNECTIONS = 2000
_LOOK_SECONDS = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=1024)
    return adopted(listening.detach())


def adopted(descriptor: int) -> socket.socket:
    """A socket that listens already, made by whoever started this process."""
    found = socket.socket(fileno=descriptor)
    # asyncio sends without delay only on sockets that say they are TCP; else an answer of two
    # parts takes 40 ms more.
    return socket.socket(found.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, found.detach())


def address_of(listening: socket.socket) -> str:
    """Where it can be reached: `127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class HttpServer(uvicorn.Server):
    """Until the last call under way is answered it listens on, and says that it is stopping."""

    def __init__(self, app: App, readiness: Readiness) -> None:
        config = uvicorn.Config(
            app,
            http=PunctualProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=LAST_SECONDS,
            limit_concurrency=MOST_CONNECTIONS,
        )
        super().__init__(config)
        self._app = app
        self._readiness = readiness
        self._deadline: float | None = None

    async def until_signal(self, listening: socket.socket) -> int:
        """Serve until a signal; 128 and its number, 0 after `stop`."""
        former = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            # Not `serve`, which would raise the signal again when all is done.
            await self._serve([listening])
        finally:
            for each, handler in former.items():
                signal.signal(each, handler)
        return 128 + self._captured_signals[-1] if self._captured_signals else 0

    def stop(self) -> None:
        """Let the calls under way finish, and end."""
        self._readiness.stopping = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets the calls under way finish; a second one does not."""
        self._captured_signals.append(sig)
        if self._readiness.stopping:
            self.should_exit = self.force_exit = True
        self._readiness.stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Whether to exit now; asked ten times a second."""
        if self._readiness.stopping:
            now = time.monotonic()
            self._deadline = self._deadline or now + FINISH_SECONDS
            # Who never reads an answer must not hold the server for ever.
            if self._app.under_way == 0 or now >= self._deadline:
                self.should_exit = True
        return await super().on_tick(counter)

    async def _wait_tasks_to_complete(self) -> None:
        # From Python 3.12 on uvicorn waits for every connection, whatever was signalled.
        waiting = asyncio.create_task(super()._wait_tasks_to_complete())
        try:
            while not (self.force_exit or waiting.done()):
                await asyncio.wait([waiting], timeout=_LOOK_SECONDS)
        finally:
            waiting.cancel()


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 that does not wait for ever for the head of a request, the first or a later one."""

    _head_is_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # uvicorn's own signature
        """Begins to wait for the first head."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Begins to wait with the first byte of a head, and stops with its last."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for."""
        self._stop_waiting()
        super().connection_lost(exc)

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

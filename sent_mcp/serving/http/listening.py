"""Sockets, and uvicorn on them: calls under way are finished before the end."""

import asyncio
import logging
import signal
import socket
import time
from contextlib import suppress
from types import FrameType

import uvicorn

from sent_mcp.serving.http.app import App
from sent_mcp.serving.http.protocol import PunctualProtocol
from sent_mcp.serving.http.readiness import Readiness

LEAVE_SECONDS = 3.0
"""How long after a signal it still listens, for balancers to hear that it is not ready."""
FINISH_SECONDS = 60.0
"""How long calls may be under way after a signal: longer than any takes."""
LAST_SECONDS = 5
"""How long after them the last bytes may take."""
MOST_CONNECTIONS = 2000
_OTHER_DESCRIPTORS = 100
"""For files, for the state store, and for connections to Sent."""
_WAITING, _AT_A_TIME = 1024, 16
"""Connections that wait to be taken; how many are taken before it is seen that there is no room."""
_LOOK_SECONDS, _DATE_SECONDS = 0.1, 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=_WAITING)
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


def most_connections() -> int:
    """As many as there are descriptors for; the process may have all that the system gives it."""
    try:
        import resource
    except ImportError:
        return MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some systems call it infinite, and refuse that.
    most = MOST_CONNECTIONS + _OTHER_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return min(MOST_CONNECTIONS, max(most - _OTHER_DESCRIPTORS, most // 2))


class HttpServer(uvicorn.Server):
    """Until the last call under way is answered it says that it is stopping, then it ends."""

    def __init__(self, app: App, readiness: Readiness) -> None:
        # Anybody can make it write a line for each of their requests.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(
            app,
            http=PunctualProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_SECONDS,
            limit_concurrency=most_connections(),
            backlog=_AT_A_TIME,
        )
        super().__init__(config)
        self._app = app
        self._readiness = readiness
        self._stopping_since: float | None = None
        self._told_to_stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def until_signal(self, listening: socket.socket) -> int:
        """Serve until a signal; 128 and its number, 0 after `stop`."""
        self._loop = asyncio.get_running_loop()
        former = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            # Not `serve`, which would raise the signal again when all is done.
            await self._serve([listening])
        finally:
            for each, handler in former.items():
                signal.signal(each, handler)
        return 128 + self._captured_signals[-1] if self._captured_signals else 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. To asyncio the backlog is also how many connections are taken at once."""
        await super().startup(sockets)
        for each in sockets or []:
            each.listen(_WAITING)

    def stop(self) -> None:
        """Let the calls under way finish, and end."""
        self._readiness.stopping = True
        self._told_to_stop.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets the calls under way finish; a second one does not."""
        self._captured_signals.append(sig)
        if self._readiness.stopping:
            self.should_exit = self.force_exit = True
        self._readiness.stopping = True
        if self._loop is not None:
            # From a signal nothing else wakes a loop that waits.
            self._loop.call_soon_threadsafe(self._told_to_stop.set)

    async def main_loop(self) -> None:
        """Look whether to exit: once a second until it stops, then ten times.

        uvicorn's own loop always looks ten times, which is most of what an idle server does.
        """
        # At zero a tick also sets the date that answers tell.
        while not await self.on_tick(0):
            if self._readiness.stopping:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_SECONDS):
                    await self._told_to_stop.wait()

    async def on_tick(self, counter: int) -> bool:
        """Whether to exit now."""
        if self._readiness.stopping:
            now = time.monotonic()
            self._stopping_since = self._stopping_since or now
            # Who never reads an answer must not hold the server for ever.
            if self._app.under_way == 0 or now >= self._stopping_since + FINISH_SECONDS:
                self.should_exit = True
            elif now >= self._stopping_since + LEAVE_SECONDS:
                self._stop_listening()
        return await super().on_tick(counter)

    def _stop_listening(self) -> None:
        """A balancer that asks nobody for readiness goes elsewhere where nobody listens."""
        for each in self.servers:
            each.close()

    async def _wait_tasks_to_complete(self) -> None:
        # From Python 3.12 on uvicorn waits for every connection, whatever was signalled.
        waiting = asyncio.create_task(super()._wait_tasks_to_complete())
        try:
            while not (self.force_exit or waiting.done()):
                await asyncio.wait([waiting], timeout=_LOOK_SECONDS)
        finally:
            waiting.cancel()

"""Several processes on one socket: started, started again when one dies, stopped together."""

import logging
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import anyio
from anyio.abc import Process

AT_ONCE_SECONDS = 5.0
"""A worker that ends sooner was not serving. Where none has served before, none will."""
PAUSE_SECONDS, MOST_PAUSE_SECONDS = 1.0, 30.0
_log = logging.getLogger("sent_mcp.serving")


class Workers:
    """Runs `count` times a command that serves `listening`.

    It is told the descriptor of that, and whose end it must not outlive.
    """

    def __init__(
        self,
        command: Sequence[str],
        listening: socket.socket,
        count: int,
        environment: Mapping[str, str],
        lost: Callable[[int], None],
    ) -> None:
        """`lost` is called with the number of a process that ended when nobody had asked it to."""
        told = {"--listener": listening.fileno(), "--parent": os.getpid()}
        self._command = [*command, *(str(part) for each in told.items() for part in each)]
        self._listening = listening
        self._count = count
        self._environment = environment
        self._lost = lost
        self._running: set[Process] = set()
        self._exit_code = 0
        self._stopping = self._has_served = False

    async def run(self) -> int:
        """Run until a signal; its exit code, or that of a worker which could not start."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._forward)
            async with anyio.create_task_group() as workers:
                for _ in range(self._count):
                    workers.start_soon(self._keep_running)
            tasks.cancel_scope.cancel()
        return self._exit_code

    async def _keep_running(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stopping:
            began = anyio.current_time()
            code = await self._one()
            if self._stopping:
                break
            at_once = anyio.current_time() - began < AT_ONCE_SECONDS
            if at_once and not self._has_served:
                _log.error("a worker ended at once, with code %s", code)
                # Of one that was killed the code is the negative signal.
                self._stop(128 - code if code < 0 else code or 1)
                break
            _log.error("a worker ended with code %s; another one is started", code)
            self._has_served = True
            pause = min(2 * pause, MOST_PAUSE_SECONDS) if at_once else PAUSE_SECONDS
            await anyio.sleep(pause)

    async def _one(self) -> int:
        async with await anyio.open_process(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=None,
            stderr=None,
            env=self._environment,
            pass_fds=[self._listening.fileno()],
            # Ctrl-C in a terminal would reach them twice, and a second signal does not wait.
            start_new_session=True,
        ) as process:
            self._running.add(process)
            if self._stopping:
                _end(process)
            try:
                return await process.wait()
            finally:
                self._running.discard(process)
                if not self._stopping:
                    self._lost(process.pid)

    async def _forward(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for number in signals:
                self._stop(128 + number)

    def _stop(self, exit_code: int) -> None:
        self._exit_code = self._exit_code or exit_code
        self._stopping = True
        for process in self._running:
            _end(process)
        # The workers listen until they do not; nobody would be served by this one.
        self._listening.close()


def _end(process: Process) -> None:
    # Not the signal that came: Python that is only beginning complains about SIGINT.
    with suppress(ProcessLookupError):
        process.terminate()

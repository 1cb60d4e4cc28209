"""Servers that are reached over HTTP, each on a port of its own, with as many workers as asked."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from benchmarks.http_processes import running, tree
from benchmarks.http_wire import HOST
from benchmarks.memory import resident_memory
from benchmarks.servers import ROOT, environment

_STARTING_SECONDS, _STOPPING_SECONDS = 30, 15
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Served:
    """A server that answers on this port, and its first process."""

    port: int
    pid: int

    def memory(self) -> float:
        """What all its processes hold now, in megabytes; what they share counts for each."""
        return sum(resident_memory(pid) for pid in tree(self.pid, running()))


def ours(port: int, workers: int) -> Sequence[str]:
    """The command that serves ours."""
    command = [sys.executable, "-m", "sent_mcp", "serve", "--transport", "http"]
    return [*command, "--host", HOST, "--port", str(port), "--workers", str(workers)]


def reference(port: int, workers: int) -> Sequence[str]:
    """The command that serves the reference, as the SDK's documentation has it.

    At uvicorn's own level it would write a line for every call, at the reference's cost.
    """
    app = "stateless_app" if workers > 1 else "app"
    command = [sys.executable, "-m", "uvicorn", f"benchmarks.http_reference:{app}"]
    command += ["--host", HOST, "--port", str(port), "--log-level", "warning"]
    return [*command, "--workers", str(workers)] if workers > 1 else command


@contextmanager
def served(
    command: Callable[[int, int], Sequence[str]], workers: int, settings: Mapping[str, str]
) -> Generator[Served]:
    """A server, once it answers, and its end. Raises RuntimeError with what it said otherwise."""
    port = _free_port()
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command(port, workers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=ROOT,
            env=environment(settings),
            # Its workers are stopped with it, even where it cannot do that itself any more.
            start_new_session=True,
        )
        try:
            if not _answers(process, port):
                stderr.seek(0)
                said = stderr.read().decode(errors="replace")
                raise RuntimeError(f"no server on port {port}: {said}")
            yield Served(port, process.pid)
        finally:
            _stop(process)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=_STARTING_SECONDS)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            # The reference has nothing there, and says so: it is up.
            connection.request("GET", "/healthz")
            connection.getresponse().close()
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOPPING_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port

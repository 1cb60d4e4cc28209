"""A real `redis-server` for tests, from Debian's package of that name, on a free loopback port."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, cast

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

_SECONDS = 10.0
_PASS = """
for _, name in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', name)
  assert(left >= 0, name .. ' is kept for ever')
  redis.call('PEXPIRE', name, left - ARGV[1])
end
"""
_KEPT = """
local found = {}
for _, name in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', name).ok
  table.insert(found, name)
  table.insert(found, kind == 'hash' and redis.call('HGETALL', name)
    or kind == 'list' and redis.call('LRANGE', name, 0, -1)
    or kind == 'zset' and redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
    or redis.call('GET', name))
end
return found
"""


class _Told(Protocol):
    """What is used of redis-py's client, with the types that it has there."""

    def execute_command(self, *command: str | int) -> object: ...


class NotStartedError(Exception):
    """The server did not start; its log."""


class RedisProcess:
    """A server that can be stopped, started again on the same port, killed and paused.

    It keeps nothing over a restart, unless `options` say so.
    """

    def __init__(self, folder: Path, *options: str, tls: bool = False) -> None:
        self._folder = folder
        self._options = options
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = folder / "redis.sock"
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it is for everybody."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_url(self) -> str:
        """Where it is for those on this machine."""
        return f"unix://{self._socket}?db=0"

    def start(self) -> None:
        """Returns when it answers."""
        ports = ["--port", "0", "--tls-port"] if self._tls else ["--port"]
        place = ["--bind", "127.0.0.1", *ports, str(self.port), "--unixsocket", str(self._socket)]
        kept = ["--dir", str(self._folder), "--save", ""]
        command = [_program(), *place, *kept, "--daemonize", "no", *self._options]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise NotStartedError(self._folder.joinpath("log").read_text("utf-8", "replace"))
            time.sleep(0.02)

    def stop(self) -> None:
        """As an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    @contextmanager
    def paused(self) -> Generator[None]:
        """It takes connections, as the system does it for it, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def tell(self, *command: str | int) -> object:
        """What it answers to its operator."""
        with Redis(unix_socket_path=str(self._socket), decode_responses=True) as client:
            return cast(_Told, client).execute_command(*command)

    def connections(self) -> int:
        """How many there are, besides the operator's."""
        return str(self.tell("CLIENT", "LIST", "TYPE", "normal")).count(" addr=127.0.0.1")

    def names(self) -> list[str]:
        """The names of everything that is kept."""
        return sorted(cast(list[str], self.tell("KEYS", "*")))

    def kept(self) -> str:
        """Everything that is kept, with its names."""
        return str(self.tell("EVAL", _KEPT, 0))

    def pass_time(self, seconds: float) -> None:
        """Everything is that much nearer to its end. Fails where something is kept for ever."""
        self.tell("EVAL", _PASS, 0, round(seconds * 1000))

    def _answers(self) -> bool:
        with suppress(RedisConnectionError):
            return bool(self.tell("PING"))
        return False

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(_SECONDS)


@contextmanager
def running_redis(*options: str, tls: bool = False) -> Generator[RedisProcess]:
    """A server of one's own; with `tls` it speaks nothing else.

    Where there is no `redis-server` the test is skipped; in CI it fails.
    """
    # Not in pytest's folder, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = _started(Path(folder), *options, tls=tls)
        try:
            yield server
        finally:
            server.kill()


def _started(folder: Path, *options: str, tls: bool) -> RedisProcess:
    for _ in range(3):
        server = RedisProcess(folder, *options, tls=tls)
        try:
            server.start()
        except NotStartedError as error:
            server.kill()
            if "Address already in use" not in str(error):
                raise
        else:
            return server
    raise NotStartedError("three ports in a row were taken by somebody else")


def _program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        told = "these tests need redis-server: install Debian's package redis-server"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    return found


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])

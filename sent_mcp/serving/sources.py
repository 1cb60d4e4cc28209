"""Where bytes come from: what can be waited for, and what can always be read."""

import asyncio
import os
import stat
from collections.abc import Callable
from typing import Protocol

_CHUNK_BYTES = 65536


class Source(Protocol):
    """Hands on one chunk each time it is asked to; an empty one is the end."""

    def ask(self) -> None:
        """Hand on the next chunk as soon as there is one, never before this returns."""
        ...

    def close(self) -> None:
        """Hand on nothing any more."""
        ...


def source(fd: int, take: Callable[[bytes], None]) -> Source:
    """The source for a descriptor. Terminals, pipes and sockets are waited for."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd):
        return _Awaited(fd, take)
    return _Ready(fd, take)


class _Awaited:
    """Reads when there is something. It leaves the descriptor blocking, since others share it."""

    def __init__(self, fd: int, take: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._take = take
        self._asked = self._watching = False

    def ask(self) -> None:
        self._asked = True
        if not self._watching:
            self._watching = True
            self._loop.add_reader(self._fd, self._readable)

    def close(self) -> None:
        self._asked = self._watching = False
        self._loop.remove_reader(self._fd)

    def _readable(self) -> None:
        # Watching goes on between two chunks unless the second comes before it is asked for.
        if not self._asked:
            self.close()
            return
        chunk = _read(self._fd)
        if chunk is not None:
            self._asked = False
            self._take(chunk)


class _Ready:
    """Reads without waiting: regular files and devices such as /dev/null, which epoll refuses."""

    def __init__(self, fd: int, take: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._take = take
        self._next: asyncio.Handle | None = None

    def ask(self) -> None:
        if self._next is None:
            self._next = self._loop.call_soon(self._read)

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _read(self) -> None:
        self._next = None
        self._take(_read(self._fd) or b"")


def _read(fd: int) -> bytes | None:
    """A chunk; None when there was none after all."""
    try:
        return os.read(fd, _CHUNK_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        # A terminal that was closed, a socket that was reset: nothing more will come.
        return b""

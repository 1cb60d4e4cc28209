"""Where bytes go: what may be full for a while, and what takes everything at once."""

import asyncio
import os
import select
import stat
from collections.abc import Callable
from typing import Protocol

import anyio

_FULL_BYTES = 65536
_OVERFULL_BYTES = 8 * 1024 * 1024
"""A client that writes all it has before it reads may leave so much unread."""


class Sink(Protocol):
    """Takes whole lines. `failure` is what went wrong other than a reader who left."""

    failure: OSError | None

    @property
    def is_full(self) -> bool:
        """Whether whoever writes more should wait for `room` first."""
        ...

    @property
    def is_overfull(self) -> bool:
        """Whether no more should be asked for that has to be written."""
        ...

    def write(self, data: bytes) -> None:
        """Write at once or keep. Raises anyio.BrokenResourceError when nobody can read it."""
        ...

    async def room(self) -> None:
        """Return when it is not full any more, or when that does not matter any more."""
        ...

    def stop_waiting(self) -> None:
        """It ends: nobody waits for a slow reader any more."""
        ...

    async def close(self, seconds: float) -> None:
        """Write what is kept, for so long at most, and leave the descriptor as it was."""
        ...


def sink(fd: int, lost: Callable[[], None]) -> Sink:
    """The sink for a descriptor; `lost` is called when nobody can read it any more."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return _Buffered(fd, lost)
    return _Direct(fd, lost)


class _Direct:
    """Regular files, terminals and /dev/null take everything."""

    is_full = is_overfull = False

    def __init__(self, fd: int, lost: Callable[[], None]) -> None:
        self.failure: OSError | None = None
        self._fd = fd
        self._lost = lost

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except OSError as error:
                self.failure = self.failure or error
                self._lost()
                raise anyio.BrokenResourceError from error

    async def room(self) -> None:
        return

    def stop_waiting(self) -> None:
        return

    async def close(self, seconds: float) -> None:
        return


class _Buffered:
    """Pipes and sockets: what does not fit is kept, and a reader who leaves is noticed."""

    def __init__(self, fd: int, lost: Callable[[], None]) -> None:
        self.failure: OSError | None = None
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._lost = lost
        self._is_lost = self._is_hurried = False
        self._kept = bytearray()
        self._roomy, self._empty = asyncio.Event(), asyncio.Event()
        self._note_room()
        self._was_blocking = os.get_blocking(fd)
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._hung_up)

    @property
    def is_full(self) -> bool:
        return not self._roomy.is_set()

    @property
    def is_overfull(self) -> bool:
        return len(self._kept) > _OVERFULL_BYTES and self.is_full

    def write(self, data: bytes) -> None:
        if self._is_lost:
            raise anyio.BrokenResourceError
        if self._kept:
            self._kept += data
        elif (written := self._written(data)) < len(data):
            if self._is_lost:
                raise anyio.BrokenResourceError
            self._kept += memoryview(data)[written:]
            self._loop.add_writer(self._fd, self._go_on)
        if self._kept:
            self._note_room()

    async def room(self) -> None:
        await self._roomy.wait()

    def stop_waiting(self) -> None:
        self._is_hurried = True
        self._note_room()

    async def close(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._empty.wait()
        self._unwatch()
        os.set_blocking(self._fd, self._was_blocking)

    def _go_on(self) -> None:
        del self._kept[: self._written(self._kept)]
        if not self._kept:
            self._loop.remove_writer(self._fd)
        self._note_room()

    def _written(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._lose()
        return 0

    def _hung_up(self) -> None:
        # Readable is also a socket that is stdin as well, or a named pipe opened for both.
        self._loop.remove_reader(self._fd)
        poll = select.poll()
        poll.register(self._fd, 0)
        if poll.poll(0):
            self._lose()

    def _lose(self) -> None:
        self._is_lost = True
        self._kept.clear()
        self._unwatch()
        self._note_room()
        self._lost()

    def _unwatch(self) -> None:
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)

    def _note_room(self) -> None:
        if self._is_hurried or len(self._kept) <= _FULL_BYTES:
            self._roomy.set()
        else:
            self._roomy.clear()
        if self._kept:
            self._empty.clear()
        else:
            self._empty.set()

"""Where lines of the audit log go: stderr, or a private file that is rotated. Both only raise."""

import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from sent_mcp.private_file import open_private

if sys.platform != "win32":
    import fcntl

_MOST_TRIES = 100


class _Destination(logging.Handler):
    """For one thread alone, so without the lock of a handler.

    A write that hangs would keep that lock, and at its end the process waits for it.
    """

    def handle(self, record: logging.LogRecord) -> bool:
        """Write one line."""
        self.emit(record)
        return True


class Stderr(_Destination):
    """Past `sys.stderr`, which has such a lock too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        # Without a stderr at the start, its number belongs to whatever was opened first.
        if sys.__stderr__ is None:
            raise OSError("there is no stderr")
        _append(sys.__stderr__.fileno(), self.format(record))


class PrivateFile(_Destination, RotatingFileHandler):
    """A file that only its owner can read, and so are the older ones it becomes.

    Processes that share it take turns, so that none renames what another is writing.
    """

    def __init__(self, filename: str, max_bytes: int, kept: int) -> None:
        super().__init__(filename, maxBytes=max_bytes, backupCount=kept, delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; after a failure the next line opens the file anew."""
        try:
            descriptor = self._locked()
            try:
                self._rotate_when_full(record, descriptor)
            finally:
                self._append(record)
        except (OSError, ValueError):
            with suppress(OSError):
                self.close()
            raise

    def _append(self, record: logging.LogRecord) -> None:
        # Not through the stream: what it could not write, it would keep and write later.
        descriptor = self._locked()
        _append(descriptor, self.format(record))
        _unlock(descriptor)

    def _rotate_when_full(self, record: logging.LogRecord, descriptor: int) -> None:
        try:
            if self.shouldRollover(record):
                # The copy keeps the lock while the file itself is closed and renamed.
                with os.fdopen(os.dup(descriptor), "rb"):
                    self.doRollover()
        except OSError as error:
            raise OSError(f"only its rotation failed: {error}") from error

    def _locked(self) -> int:
        """The file that has the name now: another process, or a person, may have renamed it."""
        for _ in range(_MOST_TRIES):
            if not self.stream:
                self.stream = self._open()
            descriptor = self.stream.fileno()
            _lock(descriptor)
            if _has_name(descriptor, self.baseFilename):
                _end_a_torn_line(descriptor)
                return descriptor
            self.close()
        raise OSError("the file is replaced again and again")

    def _open(self) -> TextIOWrapper:
        descriptor = open_private(Path(self.baseFilename), os.O_RDWR | os.O_APPEND)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def _lock(descriptor: int) -> None:
    """Keep other processes out; some file systems cannot, and there lines may run together."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _unlock(descriptor: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _append(descriptor: int, line: str) -> None:
    rest = f"{line}\n".encode()
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _end_a_torn_line(descriptor: int) -> None:
    """A full disk leaves half a line, which must not spoil the next one too."""
    if os.fstat(descriptor).st_size:
        os.lseek(descriptor, -1, os.SEEK_END)
        if os.read(descriptor, 1) != b"\n":
            os.write(descriptor, b"\n")


def _has_name(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False

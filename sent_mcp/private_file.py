"""Opening files that only their owner may read: not through a link, nor somebody else's."""

import os
import stat
from contextlib import suppress
from pathlib import Path

# A FIFO put in place after the first look would otherwise wait for its other end.
_SAFELY = os.O_CREAT | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY")
)
_OF_OTHERS = 0o077


class NotPrivateError(OSError):
    """The file is not used; the text says why, to follow the name of what it is for."""


def open_private(path: Path, flags: int) -> int:
    """A descriptor of the file, which is made with mode 0600 when missing, its folder with 0700.

    Permissions of group and others are taken away. `flags` say how it is opened; not `O_TRUNC`,
    which would empty a file before it is refused. Raises NotPrivateError and other OSErrors.
    """
    descriptor = open_own(path, flags)
    try:
        close_to_others(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_own(path: Path, flags: int) -> int:
    """The same, but a file that is there keeps its permissions: it may be none of ours.

    Whoever finds that it is one calls `close_to_others` before anything is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Looked at before as well: to open a device or a FIFO already does something to it.
    with suppress(FileNotFoundError):
        _refuse(path.lstat())
    descriptor = os.open(path, flags | _SAFELY, 0o600)
    try:
        _refuse(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_open_to_others(descriptor: int) -> bool:
    """Whether group or others may do anything with it; never where they are told otherwise."""
    return hasattr(os, "fchmod") and bool(os.fstat(descriptor).st_mode & _OF_OTHERS)


def close_to_others(descriptor: int) -> None:
    """Take the permissions of group and others away. Raises OSError."""
    found = os.fstat(descriptor)
    if found.st_mode & _OF_OTHERS and hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~_OF_OTHERS)


def _refuse(found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise NotPrivateError("is a symbolic link")
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivateError("is not an ordinary file")
    if found.st_nlink > 1:
        raise NotPrivateError("has a second name (a hard link)")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise NotPrivateError("belongs to somebody else")

"""A file of `sent-mcp check` takes its place whole or not at all: until then it is a draft."""

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_PRIVATE = 0o600
_PERMISSIONS = 0o777


def draft_of(path: Path) -> Path:
    """Where the file is written first: a name that nothing else has, and the next run knows.

    It is short, whatever the name of the file is: the system takes it.
    """
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".sent-mcp-check-{name}")


def remove_draft(path: Path) -> None:
    """Remove what a killed run has left. Only for the one run that holds the journal.

    Raises OSError.
    """
    draft_of(path).unlink(missing_ok=True)


def write_file(path: Path, write: Callable[[TextIO], None], *, marked: bool) -> None:
    """Put what `write` writes in the place of the file, whole or not at all. Raises OSError.

    The file keeps its permissions; a new one, with its phone numbers, is for its owner alone.
    `marked` puts the mark in front by which Excel knows UTF-8.
    """
    draft = draft_of(path)
    encoding = "utf-8-sig" if marked else "utf-8"
    try:
        # "x" follows no link, and takes nothing that is there.
        with open(draft, "x", encoding=encoding, newline="", opener=_open_private) as stream:
            write(stream)
            stream.flush()
            _share_as(path, stream.fileno())
            os.fsync(stream.fileno())
        draft.replace(path)
    except FileExistsError:
        raise
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, _PRIVATE)


def _share_as(path: Path, descriptor: int) -> None:
    """Give it the permissions of the file it replaces."""
    with suppress(FileNotFoundError):
        found = path.lstat().st_mode
        if stat.S_ISREG(found) and hasattr(os, "fchmod"):
            os.fchmod(descriptor, found & _PERMISSIONS)

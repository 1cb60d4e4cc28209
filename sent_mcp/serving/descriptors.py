"""fd 0 and fd 1 are taken over, so that nothing but the protocol is read and written there."""

import fcntl
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout

_FIRST_OWN = 3


@contextmanager
def wire() -> Generator[tuple[int, int]]:
    """Descriptors of what stdin and stdout were at the start.

    Meanwhile stdin is empty and stdout is stderr, for tools, libraries and child processes alike.
    Stdout stays so: what is still in a buffer must not reach the client at the end of the process.
    """
    reading = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    writing = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing if sys.stderr is None else 2, 1)
    os.close(nothing)
    try:
        with redirect_stdout(sys.stderr):
            yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)

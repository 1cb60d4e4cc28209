"""A client that reads late or never: what is kept for it stays little, and nobody hangs on it."""

import array
import fcntl
import sys
import termios
from pathlib import Path
from signal import SIGTERM
from subprocess import TimeoutExpired
from threading import Thread

import pytest

from tests.serving.raw import Server, line, messages, peak_bytes, running

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
ODD = ("-m", "tests.serving.odd_server")
_PIPE_BYTES = 50_000
"""Nearly what a pipe holds."""
_LONG_ENOUGH = 4
"""To write all the questions, if the server read them."""
_A_WHILE = 2
"""To answer them."""


def _fill(server: Server) -> None:
    """Return when as much is there to be read as a pipe holds."""
    assert server.process.stdout is not None
    unread = array.array("i", [0])
    while unread[0] < _PIPE_BYTES:
        fcntl.ioctl(server.process.stdout, termios.FIONREAD, unread)


def test_a_client_that_reads_nothing_first_is_answered_in_the_end(tmp_path: Path) -> None:
    """It writes all it has before it looks at an answer, and neither waits for the other."""
    with running(tmp_path) as server:
        server.open()
        server.say(*(line("tools/list", number) for number in range(1, 500)))
        assert {server.hear()["id"] for _ in range(1, 500)} == set(range(1, 500))
        assert server.end() == (0, [], "")


@linux
def test_answers_that_nobody_reads_are_not_piled_up(tmp_path: Path) -> None:
    """No more is read then; afterwards it goes on."""
    with running(tmp_path) as server:
        server.open()
        before = peak_bytes(server.process.pid)
        asked = [line("tools/list", number) for number in range(1, 3_001)]
        writing = Thread(target=server.say, args=asked, daemon=True)
        writing.start()
        writing.join(_LONG_ENOUGH)
        assert writing.is_alive()
        assert {server.hear()["id"] for _ in asked} == set(range(1, 3_001))
        writing.join()
        # All the answers are 75 MB long, and more while they wait.
        assert peak_bytes(server.process.pid) - before < 110 * 1024 * 1024
        assert server.end() == (0, [], "")


def test_what_is_read_only_after_the_end_of_input_is_still_there(tmp_path: Path) -> None:
    """Also more of it than a pipe holds."""
    with running(tmp_path) as server:
        server.open()
        server.say(*(line("tools/list", number) for number in range(1, 50)))
        assert server.process.stdin is not None
        server.process.stdin.close()
        with pytest.raises(TimeoutExpired):
            server.process.wait(_A_WHILE)
        assert server.process.stdout is not None
        found = messages(server.process.stdout.read())
        assert {each["id"] for each in found} == set(range(1, 50))
        assert server.process.wait() == 0


def test_a_signal_ends_it_also_when_nobody_reads(tmp_path: Path) -> None:
    """What it opened is closed all the same."""
    with running(tmp_path, ODD) as server:
        writing = Thread(target=_write_until_it_breaks, args=[server], daemon=True)
        writing.start()
        _fill(server)
        server.signal(SIGTERM)
        assert server.process.wait() == 128 + SIGTERM
        writing.join()
        assert server.process.stderr is not None
        assert server.process.stderr.read() == b"cleaned up\n"


def _write_until_it_breaks(server: Server) -> None:
    with pytest.raises(BrokenPipeError):
        server.say(b"x\n" * 10_000_000)

"""What is read and written besides the protocol stays away from it, and people are spoken to."""

import os
import pty
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

import pytest

from tests.serving.raw import (
    PIPE,
    WHOLE,
    Server,
    call,
    find,
    handshake,
    line,
    messages,
    running,
    told,
)
from tests.serving.wire import DEMO

ODD = ("-m", "tests.serving.odd_server")
HINT = """\
This is an MCP server: it speaks JSON-RPC on stdin, and an MCP host starts it.
To try it by hand: sent-mcp demo, sent-mcp tools, sent-mcp --help.
Ctrl-C or Ctrl-D ends it.
"""
CTRL_C, CTRL_D = b"\x03", b"\x04"


def test_what_a_tool_prints_goes_to_stderr(tmp_path: Path) -> None:
    """From Python, past it, and from a child process."""
    with running(tmp_path, ODD) as server:
        server.open()
        server.say(call(1, "shout"))
        assert server.hear()["result"]["content"][0]["text"] == "done"
        code, rest, err = server.end()
    assert (code, rest) == (0, [])
    assert err == "printed\nwritten\nfrom a child\ncleaned up\n"


def test_a_tool_finds_nothing_on_stdin(tmp_path: Path) -> None:
    """It would eat the next request."""
    with running(tmp_path, ODD) as server:
        server.open()
        server.say(call(1, "read stdin"), line("ping", 2))
        found = {each["id"]: each["result"] for each in (server.hear(), server.hear())}
        assert found[1]["content"][0]["text"] == "b''"
        assert found[2] == {}
        assert server.end()[0] == 0


def test_an_answer_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """With its id, so that nobody waits for it; the log says nothing of what it held."""
    with running(tmp_path, ODD) as server:
        server.open()
        server.say(call(1, "answer what cannot be sent"))
        refused = server.hear()
        server.say(line("ping", 2))
        assert server.hear()["result"] == {}
        code, rest, err = server.end()
    assert (refused["id"], refused["error"]["code"]) == (1, -32603)
    assert (code, rest) == (0, [])
    assert "JSONRPCResponse cannot be written as JSON" in err
    assert "ud800" not in err


def test_output_that_leads_nowhere_is_no_trouble(tmp_path: Path) -> None:
    """`sent-mcp serve > /dev/null`."""
    with Path("/dev/null").open("wb") as nowhere, running(tmp_path, stdout=nowhere) as server:
        server.say(handshake(), find(1))
        assert server.end() == (0, [], "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_is_told_of_once(tmp_path: Path) -> None:
    """Nothing can be answered any more: it ends, and not well."""
    with Path("/dev/full").open("wb") as full, running(tmp_path, ODD, stdout=full) as server:
        server.say(handshake())
        assert server.process.wait() == 1
        _, _, err = server.end()
    assert err == "cleaned up\nstdout cannot be written: No space left on device\n"


def _answered_over(ours: socket.socket, server: Server, reading: socket.socket) -> None:
    with ours, reading:
        ours.sendall(handshake() + line("tools/list", 1) * 50 + find(2))
        ours.shutdown(socket.SHUT_WR)
        with reading.makefile("rb") as answers:
            found = messages(answers.read())
        assert [each["id"] for each in found].count(1) == 50
        assert {each["id"] for each in found} == {0, 1, 2}
        assert server.end() == (0, [], "")


def test_channels_may_be_two_sockets(tmp_path: Path) -> None:
    """As with hosts written for Node."""
    ours, theirs = socket.socketpair()
    reading, writing = socket.socketpair()
    with (
        theirs,
        writing,
        running(tmp_path, stdin=theirs.fileno(), stdout=writing.fileno()) as server,
    ):
        theirs.close()
        writing.close()
        _answered_over(ours, server, reading)


def test_channels_may_be_one_socket(tmp_path: Path) -> None:
    """As under inetd: what comes in is no sign that nobody reads what goes out."""
    ours, theirs = socket.socketpair()
    with theirs, running(tmp_path, stdin=theirs.fileno(), stdout=theirs.fileno()) as server:
        theirs.close()
        _answered_over(ours, server, ours.dup())


def test_a_client_that_closes_its_socket_ends_it(tmp_path: Path) -> None:
    """Without a word."""
    ours, theirs = socket.socketpair()
    with ours, theirs, running(tmp_path, stdin=theirs.fileno(), stdout=theirs.fileno()) as server:
        theirs.close()
        ours.sendall(handshake() + WHOLE)
        with ours.makefile("rb") as answers:
            assert [answers.readline()[:1] for _ in range(2)] == [b"{", b"{"]
        ours.close()
        assert server.end() == (0, [], "")


def test_the_flags_of_channels_others_share_are_as_before(tmp_path: Path) -> None:
    """`(sent-mcp serve; other) | reader`: the other may not expect a pipe that is full."""
    reading, writing = os.pipe()
    with running(tmp_path, stdout=writing) as server:
        server.say(WHOLE)
        assert b"whole" in os.read(reading, 65536)
        assert not os.get_blocking(writing)
        assert server.end() == (0, [], "")
        assert os.get_blocking(writing)
    os.close(reading)
    os.close(writing)


TYPED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@contextmanager
def typed(home: Path, *, shown: bool = False) -> Generator[tuple[Server, int]]:
    """A server on a terminal, and what its keyboard is; `shown` there too, or on a pipe."""
    keyboard, terminal = pty.openpty()
    try:
        command = ("-c", TYPED, *DEMO)
        stdout = terminal if shown else PIPE
        with running(home, command, stdin=terminal, stdout=stdout) as server:
            os.close(terminal)
            yield server, keyboard
    finally:
        os.close(keyboard)


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 128 + SIGINT), (CTRL_D, 0)], ids=["C", "D"])
def test_whoever_starts_it_by_hand_is_told_what_it_is(
    tmp_path: Path, key: bytes, code: int
) -> None:
    """Once, and it serves all the same until a key ends it."""
    with typed(tmp_path) as (server, keyboard):
        os.write(keyboard, handshake() + find(1))
        assert [server.hear()["id"] for _ in range(2)] == [0, 1]
        os.write(keyboard, key)
        assert server.end() == (code, [], HINT)


def test_answers_are_shown_to_whoever_typed_the_questions(tmp_path: Path) -> None:
    """A terminal takes them as they are."""
    with typed(tmp_path, shown=True) as (server, keyboard):
        os.write(keyboard, handshake() + line("ping", "typed"))
        shown = b""
        while b'"id":"typed","result":{}}' not in shown:
            shown += os.read(keyboard, 65536)
        os.write(keyboard, CTRL_D)
        assert server.end() == (0, [], HINT)


def test_nobody_is_told_where_nobody_types(tmp_path: Path) -> None:
    """Hosts show stderr to their users as if something were wrong."""
    assert told(tmp_path, handshake())[0]["id"] == 0

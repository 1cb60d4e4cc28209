"""What is read and written besides the protocol stays away from it."""

import os
import socket
from pathlib import Path

import pytest

from tests.serving.raw import (
    WHOLE,
    Server,
    call,
    find,
    handshake,
    line,
    messages,
    running,
)

ODD = ("-m", "tests.serving.odd_server")


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

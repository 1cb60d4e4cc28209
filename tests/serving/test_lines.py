"""However bytes arrive, and however many: the same lines."""

import sys
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_mcp.serving.lines import MOST_BYTES, Lines
from tests.door import OFFERED
from tests.serving.raw import by_id, find, handshake, line, messages, peak_bytes, running, told
from tests.serving.wire import Message

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
MOST = 8
PIECES = st.lists(st.sampled_from([b"", b"a", b"\n", b"bc\n", b"\n\n", b"12345678", b"\xff\r\n"]))


def _lines(whole: bytes) -> list[bytes | None]:
    """What must come out, said in the plainest way."""
    return [each if len(each) <= MOST else None for each in whole.split(b"\n")]


@given(PIECES)
def test_lines_do_not_depend_on_how_they_were_split(pieces: list[bytes]) -> None:
    """Also those that are too long, which are told of only once."""
    cutter = Lines(MOST)
    found = [each for piece in pieces for each in cutter.cut(piece)] + cutter.cut(b"\n")
    assert found == _lines(b"".join(pieces))


def test_a_conversation_may_be_split_anywhere(tmp_path: Path) -> None:
    """Each split of it in one process, one conversation after the other."""
    said = line("ping", "é") + b"\r\n" + b'{"no\xff":1}\n' + line("ping", 2)
    with running(tmp_path) as server:
        server.open()
        for at in range(len(said)):
            server.say(said[:at])
            server.say(said[at:])
            assert {server.hear()["id"] for _ in range(3)} == {"é", None, 2}
        assert server.end() == (0, [], "")


def test_a_conversation_may_come_byte_by_byte(tmp_path: Path) -> None:
    """As from a terminal without lines."""
    with running(tmp_path) as server:
        for byte in handshake() + find(1):
            server.say(bytes([byte]))
        assert [server.hear()["id"] for _ in range(2)] == [0, 1]
        assert server.end() == (0, [], "")


def _padded(number: int, size: int) -> bytes:
    """A ping whose line is so long, without its end."""
    bare = line("ping", number, _meta={"pad": ""})
    return bare.replace(b'"pad": ""', b'"pad": "' + b"x" * (size - len(bare) + 1) + b'"')


def test_a_line_of_four_megabytes_is_read_and_no_longer_one(tmp_path: Path) -> None:
    """Whoever sends more is told, and the next line is read as if nothing had been."""
    longest, longer = _padded(1, MOST_BYTES), _padded(2, MOST_BYTES + 1)
    assert (len(longest), len(longer)) == (MOST_BYTES + 1, MOST_BYTES + 2)
    found = told(tmp_path, handshake() + longest + longer + line("ping", 3))
    assert [each["id"] for each in found] == [0, 1, None, 3]
    assert found[2]["error"] == {
        "code": -32600,
        "message": "The line is longer than 4194304 bytes. Send less in one message.",
    }


@linux
def test_a_line_without_end_is_not_kept(tmp_path: Path) -> None:
    """It is refused before its end, and the memory of the server does not grow with it."""
    with running(tmp_path) as server:
        server.open()
        before = peak_bytes(server.process.pid)
        megabyte = b"x" * 1024 * 1024
        for _ in range(100):
            server.say(megabyte)
        assert server.hear()["error"]["code"] == -32600
        server.say(b"\n", line("ping", 1))
        assert server.hear()["id"] == 1
        assert peak_bytes(server.process.pid) - before < 30 * len(megabyte)
        assert server.end() == (0, [], "")


def _mixed(number: int) -> bytes:
    if number % 100 == 1:
        return find(number)
    return line("tools/list", number) if number % 100 == 0 else line("ping", number)


@linux
def test_ten_thousand_requests_at_once_are_all_answered(tmp_path: Path) -> None:
    """Each once, and without much memory."""
    with running(tmp_path) as server:
        server.open()
        before = peak_bytes(server.process.pid)
        writing = Thread(target=server.say, args=[_mixed(number) for number in range(1, 10_001)])
        writing.start()
        found = [server.hear() for _ in range(10_000)]
        writing.join()
        assert peak_bytes(server.process.pid) - before < 200 * 1024 * 1024
        assert server.end() == (0, [], "")
    answers = by_id(found)
    assert set(answers) == set(range(1, 10_001))
    assert all("result" in each for each in found)
    _are_what_was_asked_for(answers)


def _are_what_was_asked_for(answers: dict[int, Message]) -> None:
    for number, answer in answers.items():
        result = answer["result"]
        if number % 100 == 1:
            assert result["structuredContent"]["found"] is True
        elif number % 100 == 0:
            assert len(result["tools"]) == OFFERED
        else:
            assert result == {}


def test_one_stream_belongs_to_one_era(tmp_path: Path) -> None:
    """The first request decides, and the other era is refused by name (MCP 2026-07-28)."""
    meta: Message = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    modern = line("tools/list", 1, _meta=meta)
    legacy_first = told(tmp_path, handshake() + modern + line("tools/list", 2))
    assert [each["id"] for each in legacy_first] == [0, 1, 2]
    assert legacy_first[1]["error"]["code"] == -32600
    assert "result" in legacy_first[2]
    modern_first = told(tmp_path, modern + handshake() + modern.replace(b'"id": 1', b'"id": 2'))
    assert [each["id"] for each in modern_first] == [1, 0, 2]
    assert modern_first[1]["error"]["code"] == -32022
    assert modern_first[1]["error"]["data"]["supported"] == ["2026-07-28"]
    assert "result" in modern_first[2]


def test_output_that_is_not_read_at_once_is_kept_in_order(tmp_path: Path) -> None:
    """Answers longer than a pipe holds come whole."""
    with running(tmp_path) as server:
        server.say(handshake(), *(line("tools/list", number) for number in range(1, 30)))
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.stdout is not None
        found = messages(server.process.stdout.read())
        assert [each["id"] for each in found] == list(range(30))
        assert server.process.wait() == 0

"""A conversation that somebody else began: the server hears it again and says nothing twice."""

import json
import os
from pathlib import Path

from tests.serving.raw import find, handshake, line, running
from tests.serving.wire import Message

TAKING_OVER = """
import json, os, sys
import anyio
from sent_mcp.front import Opening
from sent_mcp.cli.launch import launch_emulator
from sent_mcp.server import build_server
from sent_mcp.serving.stdio import serve_stdio
from sent_mcp.settings import load_settings

replayed, unread, ended, parent = json.loads(sys.argv[1])
opening = Opening(
    parent=parent or os.getppid(), replayed=replayed.encode(), unread=unread.encode(), ended=ended
)
emulator = launch_emulator(demo=True, demo_db=None)
given = {"api_key": "sk_test_emulator", "base_url": "http://localhost", "state": "memory:"}
settings = load_settings((), **given)
sys.exit(anyio.run(serve_stdio, build_server(settings, emulator=emulator), opening))
"""


def _taking_over(
    replayed: bytes, unread: bytes = b"", *, ended: bool = False, parent: int = 0
) -> tuple[str, ...]:
    given = [replayed.decode(), unread.decode(), ended, parent]
    return ("-c", TAKING_OVER, json.dumps(given))


def test_what_was_answered_is_not_answered_again(tmp_path: Path) -> None:
    """But the server knows it: without it a call would be refused."""
    with running(tmp_path, _taking_over(handshake())) as server:
        server.say(find(1))
        assert server.hear()["result"]["structuredContent"]["found"] is True
        assert server.end() == (0, [], "")


def test_a_modern_conversation_goes_on_too(tmp_path: Path) -> None:
    """Its first request settles the era, and is answered while others come."""
    meta: Message = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    first, second = (line("tools/list", number, _meta=meta) for number in (1, 2))
    with running(tmp_path, _taking_over(first, second)) as server:
        assert server.hear()["id"] == 2
        assert server.end() == (0, [], "")


def test_the_same_id_may_be_used_again(tmp_path: Path) -> None:
    """Only the one answer is dropped."""
    with running(tmp_path, _taking_over(handshake(), line("ping", 0))) as server:
        assert server.hear() == {"jsonrpc": "2.0", "id": 0, "result": {}}
        server.say(line("ping", 0))
        assert server.hear() == {"jsonrpc": "2.0", "id": 0, "result": {}}
        assert server.end() == (0, [], "")


def test_what_was_read_and_not_looked_at_comes_before_what_is_still_to_be_read(
    tmp_path: Path,
) -> None:
    """Also half a line."""
    half, other = find(2)[:30], find(2)[30:]
    with running(tmp_path, _taking_over(handshake(), find(1) + half)) as server:
        server.say(other)
        assert [server.hear()["id"] for _ in range(2)] == [1, 2]
        assert server.end() == (0, [], "")


def test_what_had_ended_is_not_read_again(tmp_path: Path) -> None:
    """It ends by itself once all is answered."""
    taking_over = _taking_over(handshake(), find(1) + find(2).rstrip(), ended=True)
    with running(tmp_path, taking_over) as server:
        server.process.wait()
        code, found, err = server.end()
        assert (code, err) == (0, "")
        assert {each["id"] for each in found} == {1, 2}


def test_what_began_and_ended_without_a_question_ends(tmp_path: Path) -> None:
    with running(tmp_path, _taking_over(b"", ended=True)) as server:
        server.process.wait()
        assert server.end() == (0, [], "")


def test_a_parent_that_is_gone_already_ends_it(tmp_path: Path) -> None:
    """What was read from it is answered."""
    taking_over = _taking_over(handshake(), find(1), parent=os.getppid())
    with running(tmp_path, taking_over) as server:
        assert server.hear()["id"] == 1
        assert server.process.wait() == 0

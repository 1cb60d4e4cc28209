"""A process that is still loading: what it answers already, and how it goes on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.front.recording import Message, envelope
from tests.serving.raw import by_id, call, environment, handshake, line, messages, running, told
from tests.serving.wire import DEMO

NEVER_LOADED = (
    "-c",
    """
import sys, threading
from sent_mcp.front import open_conversation

assert open_conversation((), {}, threading.Event().wait) is None
print("loaded" if "pydantic" in sys.modules else "left", file=sys.stderr)
""",
)
"""A front whose server never comes: whatever is answered was answered without it."""
HANDED_OVER = (
    "-c",
    """
import json, sys, threading
from sent_mcp.front.conversation import Conversation
from sent_mcp.front.launch import Launch
from sent_mcp.front.loading import Loading
from sent_mcp.front.record import Record
from sent_mcp.front.stdin import Stdin

conversation = Conversation(Record(), Launch("v3", ["contacts"], read_only=False))
stdin = Stdin(conversation)
stdin.converse(Loading(threading.Event().wait))
left = [conversation.replayed.decode(), stdin.unread.decode(), stdin.ended]
print(json.dumps(left), file=sys.stderr)
""",
)
"""Shows what the server would go on with: replayed, unread, ended."""


STILL_LOADING = (
    "-c",
    """
import sys, threading
import sent_mcp.__main__ as command

command.load_server = threading.Event().wait
sys.argv[1:] = ["serve", "--demo"]
command.main()
""",
)
"""The command itself, whose server never comes."""
TEMPLATES = call(1, "list_templates")


def _new(method: str, number: int) -> bytes:
    return line(method, number, **envelope())


def test_hosts_are_answered_before_anything_is_loaded(tmp_path: Path) -> None:
    """The handshake, the tools and a ping need no server, and a host that leaves then, no more."""
    with running(tmp_path, NEVER_LOADED) as server:
        server.say(handshake(), line("tools/list", 1), line("ping", 2))
        assert server.hear()["id"] == 0
        assert len(server.hear()["result"]["tools"]) == 11
        assert server.hear()["result"] == {}
        assert server.end() == (0, [], "left\n")


def test_newer_hosts_too(tmp_path: Path) -> None:
    """They begin without a handshake."""
    with running(tmp_path, NEVER_LOADED) as server:
        server.say(_new("server/discover", 1), _new("tools/list", 2))
        assert server.hear()["result"]["supportedVersions"] == ["2026-07-28"]
        assert len(server.hear()["result"]["tools"]) == 11
        assert server.end() == (0, [], "left\n")


def test_a_host_that_takes_no_answer_is_left_in_silence(tmp_path: Path) -> None:
    """It was killed, most likely."""
    with running(tmp_path, NEVER_LOADED) as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.say(handshake())
        server.process.stdout = None
        assert server.end() == (0, [], "left\n")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_come_in_pieces(tmp_path: Path, size: int) -> None:
    """A pipe knows no lines."""
    said = handshake() + line("tools/list", 1)
    with running(tmp_path, NEVER_LOADED) as server:
        for start in range(0, len(said), size):
            server.say(said[start : start + size])
        assert server.hear()["id"] == 0
        assert server.hear()["id"] == 1
        assert server.end() == (0, [], "left\n")


@pytest.mark.parametrize(
    ("answered", "left"),
    [
        (handshake(), TEMPLATES + line("ping", 2)),
        (handshake(), TEMPLATES[:-9]),
        (b"", b"not JSON\n" + handshake()),
        (b"", b"half a line"),
        (_new("server/discover", 2), TEMPLATES),
    ],
)
def test_the_rest_is_handed_over_as_it_came(tmp_path: Path, answered: bytes, left: bytes) -> None:
    """From the first line that is not the front's, byte by byte."""
    with running(tmp_path, HANDED_OVER) as server:
        _, err = server.process.communicate(answered + left)
    replayed, unread, ended = json.loads(err)
    assert (replayed.encode(), unread.encode()) == (answered, left)
    assert ended is not left.endswith(b"\n")


MIXED = handshake() + _new("tools/list", 1) + line("tools/list", 2)
MIXED_TOO = _new("server/discover", 1) + handshake() + _new("tools/list", 2)
STREAMS = {
    "older": handshake() + TEMPLATES + line("tools/list", 2) + line("ping", 3),
    "newer": _new("server/discover", 1) + _new("tools/list", 2) + _new("resources/list", 3),
    "older, then newer": MIXED,
    "newer, then older": MIXED_TOO,
    "twice": handshake() + handshake().replace(b'"id": 0', b'"id": 7') + line("tools/list", 1),
    "one id twice": handshake() + line("tools/list", 0).replace(b": 0", b': "0"') + TEMPLATES,
    "garbage first": b"garbage\n" + handshake() + line("tools/list", 1),
    "no handshake": line("tools/list", 1) + line("ping", 2),
    "refused": line("initialize", 1, protocolVersion=7) + handshake() + line("ping", 2),
    "cut off": handshake() + TEMPLATES.removesuffix(b"\n"),
}


@pytest.mark.parametrize("said", STREAMS.values(), ids=STREAMS)
def test_a_host_cannot_tell_who_answered(tmp_path: Path, said: bytes) -> None:
    """With the front and without it: the same answers, and the same end."""

    def answers(*flags: str) -> dict[object, Message]:
        return by_id(told(tmp_path, said, (*DEMO, *flags)))

    assert answers() == answers("--no-fast-start")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_server_that_is_still_loading(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """At once, and with the code it would have later."""
    with running(tmp_path, STILL_LOADING) as server:
        server.say(handshake())
        assert server.hear()["id"] == 0
        server.signal(number)
        assert server.end() == (code, [], "")


def test_a_wrong_setting_is_told_to_a_host_that_asked_nothing_yet(tmp_path: Path) -> None:
    """Stdin that ends at once must not hide it."""
    arguments = (*DEMO[:3], "--state", "log", "--audit-log", "log")
    with running(tmp_path, arguments) as server:
        code, _, err = server.end()
    assert (code, "SENT_MCP_AUDIT_LOG is the state file" in err) == (2, True)


def test_a_host_may_write_all_it_has_before_it_reads(tmp_path: Path) -> None:
    """Its pipe is full meanwhile, and nobody may wait for the other."""
    pings = [line("ping", number) for number in range(1, 10_001)]
    with running(tmp_path) as server:
        server.say(handshake(), *pings)
        code, answers, err = server.end()
    assert (code, err) == (0, "")
    assert set(by_id(answers)) == set(range(10_001))


@pytest.mark.parametrize("front", ["--fast-start", "--no-fast-start"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_descriptor_that_is_closed_at_the_start_is_no_crash(
    tmp_path: Path, closed: str, front: str
) -> None:
    """And nothing of ours lands where the protocol should be."""
    said = handshake() + line("tools/list", 1) + TEMPLATES.replace(b'"id": 1', b'"id": 2')
    script = f'exec "$@" --confirm off {front} {closed}'
    command = ["sh", "-c", script, "sh", sys.executable, *DEMO]
    done = subprocess.run(
        command, input=said, capture_output=True, env=environment(tmp_path), timeout=60, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert set(by_id(messages(done.stdout))) == ({0, 1, 2} if closed == "2>&-" else set())


def test_a_full_disk_behind_stdout_is_told_in_one_line(tmp_path: Path) -> None:
    """By the server, since the front says nothing."""
    with open("/dev/full", "wb") as full, running(tmp_path, stdout=full) as server:
        server.say(handshake(), line("tools/list", 1))
        code, _, err = server.end()
    assert code == 1
    assert err.splitlines() == [
        "ERROR sent_mcp.serving: stdout cannot be written: No space left on device"
    ]

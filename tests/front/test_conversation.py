"""Whatever the front answers, the real server would have answered the same."""

import json
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.front.conversation import Conversation
from sent_mcp.front.launch import Launch
from sent_mcp.front.record import Record
from sent_mcp.serving.messages import parsed
from tests.front.recording import (
    HANDSHAKES,
    LISTS,
    MODERN,
    Message,
    envelope,
    initialize,
    real_server,
)

LAUNCH = Launch("v3", ("contacts", "lookup"), read_only=False)
PREFIX = "io.modelcontextprotocol/"
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, 1.5, "", "text", [], ["a"], {}, {"a": {}}, {"a": 1}]
)
shapes: list[Any] = [
    {},
    {"listChanged": True},
    {"form": {}},
    {"a": {"b": {}}},
    {"listChanged": 1},
    {"form": {"applyDefaults": True}},
    {"form": True},
    {"context": {"x": 1}, "tools": True},
    {"list": True},
    {"requests": {"elicitation": {"create": {}}}},
    {"requests": {"elicitation": True}},
    {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}},
]
names = ["roots", "sampling", "elicitation", "experimental", "extensions", "tasks", "x"]
icons: list[Any] = [
    [],
    [{"src": "https://example.com/a.png", "mimeType": "image/png"}],
    [{"src": "a", "sizes": ["any"]}],
    [{"src": 1}],
    [{}],
    [None],
]
capabilities: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(names), st.sampled_from(shapes) | odd, max_size=3
)
client: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"name": st.just("host"), "version": st.just("1")},
    optional={
        "title": odd,
        "websiteUrl": odd,
        "description": odd,
        "icons": odd | st.sampled_from(icons),
        "x": odd,
    },
)
handshake: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "protocolVersion": st.sampled_from([*HANDSHAKES, MODERN, "1999-01-01", "", 7]),
        "capabilities": capabilities,
        "clientInfo": client | odd,
    },
    optional={"_meta": odd, "x": odd},
)
meta: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {f"{PREFIX}protocolVersion": st.sampled_from([MODERN, MODERN, MODERN, "2025-11-25", 7])},
    optional={
        f"{PREFIX}clientCapabilities": capabilities,
        f"{PREFIX}clientInfo": client | odd,
        f"{PREFIX}logLevel": odd,
        f"{PREFIX}other": odd,
        "progressToken": odd,
        "traceparent": odd,
        "x": odd,
    },
)
params: st.SearchStrategy[Any] = st.one_of(
    st.just({}),
    handshake,
    st.fixed_dictionaries({"_meta": meta}),
    st.fixed_dictionaries({}, optional={"_meta": odd, "cursor": odd}),
)
methods: st.SearchStrategy[str] = st.sampled_from(
    ["initialize", "server/discover", *LISTS, "ping", "tools/call", "prompts/get"]
)
opening: st.SearchStrategy[Any] = st.one_of(
    st.just(("initialize", initialize("2025-06-18"))),
    st.tuples(st.just("initialize"), handshake),
    st.tuples(st.just("server/discover"), st.fixed_dictionaries({"_meta": meta})),
)
conversations: st.SearchStrategy[Any] = st.tuples(
    opening, st.lists(st.tuples(methods, params), max_size=3)
)


def _line(method: str, given: Any, number: int) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": given}
    return json.dumps(message).encode() + b"\n"


async def _compare(said: Sequence[tuple[str, Message]]) -> int:
    """How much of it the front answered, each time as the real server does."""
    front = Conversation(Record(), LAUNCH)
    async with real_server(LAUNCH) as real:
        for number, (method, given) in enumerate(said):
            line = _line(method, given, number)
            reply = front.reply(line)
            if reply is None:
                return number
            parsed(line)
            assert json.loads(reply)["result"] == await real.result(method, given), (method, given)
    return len(said)


@settings(max_examples=150, deadline=None)
@given(conversations)
def test_odd_requests_are_answered_as_by_the_real_server_or_left_to_it(
    said: tuple[tuple[str, Message], list[tuple[str, Message]]],
) -> None:
    """A refusal is among what only the real server says."""
    anyio.run(_compare, [said[0], *said[1]])


async def test_what_hosts_send_is_answered() -> None:
    """Otherwise nothing would be gained, and the test above would be empty."""
    elicits: Message = {
        "elicitation": {"form": {"applyDefaults": True}, "url": {}},
        "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"]}},
        "roots": {"listChanged": True},
        "tasks": {"requests": {"elicitation": {"create": {}}}},
    }
    ours: Message = {
        **initialize("2025-11-25"),
        "capabilities": {**elicits, "sampling": {}},
    }
    listing: Message = {"_meta": {"progressToken": 0}}
    lists: list[tuple[str, Message]] = [(method, listing) for method in LISTS]
    assert await _compare([("initialize", ours), *lists, ("ping", {})]) == 2 + len(LISTS)
    meta = envelope()["_meta"]
    meta[f"{PREFIX}clientCapabilities"] = elicits
    meta[f"{PREFIX}clientInfo"] = {"name": "host", "title": "Host", "version": "1"}
    new: Message = {"_meta": {**meta, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad-01"}}
    newer = [(method, new) for method in LISTS]
    assert await _compare([("server/discover", new), *newer]) == 1 + len(LISTS)
    assert await _compare([newer[0]]) == 1


def _deep(levels: int) -> bytes:
    """A ping whose parameters are nested like that."""
    nested = b'{"a":' * levels + b"{}" + b"}" * levels
    return b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + nested + b"}\n"


GREETING = _line("initialize", initialize("2025-11-25"), 0)


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON\n",
        b"[]\n",
        b"\xff\n",
        b"\n",
        b"[" * 5000 + b"\n",
        _deep(400),
        b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"traceparent":"\\uDC00"}}}\n',
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":true,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}\n',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","x":1}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}\n',
        b'{"jsonrpc":"2.0","id":1,"result":{}}\n',
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_contacts"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{"cursor":"x"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"sent://errors"}}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"review_opt_outs"}}\n',
        GREETING,
    ],
)
def test_anything_else_is_left_to_the_real_server(line: bytes) -> None:
    """At once, and with nothing of it lost: a line that is handed over is not replayed."""
    front = Conversation(Record(), LAUNCH)
    assert front.reply(GREETING) is not None
    assert front.reply(line) is None
    assert front.replayed == GREETING


def test_the_server_hears_the_handshake_and_of_newer_hosts_the_first_request() -> None:
    """What settles the era for it, and nothing that it would answer a second time."""
    initialized = b'{"method":"notifications/initialized","jsonrpc":"2.0"}\n'
    listing = _line("tools/list", {}, 1)
    older = Conversation(Record(), LAUNCH)
    assert [bool(older.reply(line)) for line in (GREETING, initialized, listing)] == [
        True,
        False,
        True,
    ]
    assert older.replayed == GREETING + initialized
    newer = Conversation(Record(), LAUNCH)
    first = _line("server/discover", envelope(), 0)
    assert newer.reply(first)
    assert newer.reply(_line("tools/list", envelope(), 1))
    assert newer.replayed == first


@pytest.mark.parametrize(
    "first",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n',
        b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}\n',
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n',
    ],
)
def test_a_conversation_that_begins_otherwise_is_left_to_the_real_server(first: bytes) -> None:
    """The first request decides the protocol, so it is not guessed."""
    front = Conversation(Record(), LAUNCH)
    assert front.reply(first) is None
    assert front.replayed == b""

"""A message that is wrong as JSON-RPC or MCP is refused with its reason, and nothing is done."""

import json
from typing import Any

import pytest

from tests.http.calls import CALL, FIND, body
from tests.http.sites import Running, nothing_done
from tests.http.wire import LEGACY, MODERN, fields_of, message, request
from tests.serving.wire import Message

NEW = message("tools/call", FIND, era=MODERN)
META = "io.modelcontextprotocol/"


def without(said: Message, *path: str) -> Message:
    """The same message without the member at this path."""
    copy: Message = json.loads(json.dumps(said))
    inner: Any = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"tools/list",
        body(CALL)[:-1],
        body(CALL) + b"}",
        body(CALL) + body(CALL),
        b"\xef\xbb\xbf" + body(CALL),
        body(CALL).replace(b"tools/call", b"tools/\xff"),
        body(CALL).replace(b"tools/call", b"tools/\xed\xa0\x80"),
        body(CALL).replace(b"tools/call", b"tools/\\ud800"),
        body(CALL).replace(b"tools/call", b"tools/\x00"),
        body(CALL).decode().encode("utf-16"),
        body(CALL).replace(b'"id": 1', b'"id": NaN'),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        body(CALL).replace(b'"id": 1', b'"id": 1, "deep": ' + b"[" * 2_000 + b"]" * 2_000),
    ],
)
@pytest.mark.parametrize("fields", [{}, {"MCP-Protocol-Version": MODERN}])
async def test_what_is_not_json_is_refused(
    site: Running, shared_url: str, raw: bytes, fields: dict[str, str]
) -> None:
    """Invalid characters are not replaced by others, which could then be executed."""
    answer = await site.ask(request(raw, fields))
    assert answer.refused == (400, -32700)
    assert answer.json["id"] is None
    await nothing_done(shared_url)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (None, None),
        (5, None),
        ("tools/list", None),
        (True, None),
        ([], None),
        ([CALL], None),
        ([CALL, CALL], None),
        ({}, None),
        ({"id": 1}, 1),
        ({"jsonrpc": "2.0", "id": "x", "result": {}}, "x"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}}, 1),
        (without(CALL, "jsonrpc"), 1),
        ({**CALL, "jsonrpc": "1.0"}, 1),
        ({**CALL, "jsonrpc": 2.0}, 1),
        ({**CALL, "method": 5}, 1),
        ({**CALL, "method": None}, 1),
        ({**CALL, "params": [FIND]}, 1),
        ({**CALL, "params": "x"}, 1),
        ({**CALL, "id": None}, None),
        ({**CALL, "id": True}, None),
        ({**CALL, "id": 1.5}, None),
        ({**CALL, "id": [1]}, None),
        ({**CALL, "id": {}}, None),
        (without({**CALL, "method": 5}, "id"), None),
        (without({**CALL, "jsonrpc": "1.0"}, "id"), None),
        (without({**CALL, "params": [FIND]}, "id"), None),
    ],
)
async def test_json_that_is_no_request_is_refused(
    site: Running, shared_url: str, said: object, number: object
) -> None:
    """By its id, where it has one. A batch is refused whole."""
    answer = await site.ask(request(body(said)))
    assert answer.refused == (400, -32600)
    assert answer.json["id"] == number
    await nothing_done(shared_url)


NOT_EQUAL: list[tuple[str, dict[str, str]]] = [
    ("another version", {"MCP-Protocol-Version": LEGACY}),
    ("an unknown version of the handshake's time", {"MCP-Protocol-Version": "2025-03-26"}),
    ("another method", {"Mcp-Method": "tools/list"}),
    ("another case", {"Mcp-Method": "Tools/Call"}),
    ("another name", {"Mcp-Name": "list_contacts"}),
    ("no name", {"Mcp-Name": ""}),
    ("no method", {"Mcp-Method": ""}),
    ("no version", {"MCP-Protocol-Version": ""}),
    ("a name that is broken", {"Mcp-Name": "=?base64?AAA?="}),
]


@pytest.mark.parametrize("fields", [each[1] for each in NOT_EQUAL], ids=[e[0] for e in NOT_EQUAL])
async def test_fields_of_2026_must_agree_with_the_body(
    site: Running, shared_url: str, fields: dict[str, str]
) -> None:
    """Whoever stands between has decided by them."""
    answer = await site.ask(request(body(NEW), {**fields_of(NEW, MODERN), **fields}))
    assert answer.refused == (400, -32020)
    assert answer.json["id"] == 1
    await nothing_done(shared_url)


@pytest.mark.parametrize("name", ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"])
async def test_a_field_that_stands_there_twice_is_refused(
    site: Running, shared_url: str, name: str
) -> None:
    """Also with the same value: two readers may take different ones."""
    fields = fields_of(NEW, MODERN)
    answer = await site.ask(request(body(NEW), fields, more=f"{name}: {fields[name]}\r\n"))
    assert answer.refused == (400, -32020)
    await nothing_done(shared_url)


async def test_a_name_may_come_in_base64(site: Running) -> None:
    """As every field whose value is not plain."""
    coded = "=?base64?ZmluZF9jb250YWN0X2J5X3Bob25l?="
    answer = await site.ask(request(body(NEW), {**fields_of(NEW, MODERN), "Mcp-Name": coded}))
    assert answer.result["structuredContent"]["found"]


@pytest.mark.parametrize("version", ["2099-01-01", "2026-07-29", "1", "draft", "2025-11-25 ,x"])
async def test_an_unknown_version_is_refused_with_those_that_are_known(
    site: Running, shared_url: str, version: str
) -> None:
    """In the field and in the body."""
    said: Message = json.loads(json.dumps(NEW))
    said["params"]["_meta"][f"{META}protocolVersion"] = version
    fields = {**fields_of(NEW, MODERN), "MCP-Protocol-Version": version}
    answer = await site.ask(request(body(said), fields))
    assert answer.refused == (400, -32022)
    assert answer.error["data"] == {"supported": [MODERN], "requested": version}
    told = {"jsonrpc": "2.0", "method": "notifications/odd"}
    assert (await site.ask(request(body(told), fields))).refused == (400, -32022)
    await nothing_done(shared_url)


@pytest.mark.parametrize(
    "said",
    [
        CALL,
        without(NEW, "params", "_meta", f"{META}protocolVersion"),
        without(NEW, "params", "_meta", f"{META}clientCapabilities"),
        {**NEW, "params": {**FIND, "_meta": []}},
        {**NEW, "params": {**FIND, "_meta": "x"}},
        message("server/discover"),
        without(message("server/discover"), "params"),
    ],
)
async def test_a_request_of_2026_must_say_what_its_client_is(
    site: Running, shared_url: str, said: Message
) -> None:
    """There was no handshake to say it in."""
    answer = await site.ask(request(body(said), fields_of(NEW, MODERN)))
    assert answer.status == 400
    assert answer.error["code"] in (-32602, -32600, -32020)
    await nothing_done(shared_url)


@pytest.mark.parametrize("capabilities", [5, [], "x", {"elicitation": 5}])
async def test_capabilities_that_are_none_are_refused(
    site: Running, shared_url: str, capabilities: object
) -> None:
    """In words, not with a broken connection."""
    said: Message = json.loads(json.dumps(NEW))
    said["params"]["_meta"][f"{META}clientCapabilities"] = capabilities
    answer = await site.ask(request(body(said), fields_of(NEW, MODERN)))
    assert answer.refused == (400, -32602)
    await nothing_done(shared_url)

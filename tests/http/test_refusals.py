"""What is asked wrong is refused with its reason, and nothing of it is done."""

import json
from typing import Any

import pytest

from tests.door import SEEDED
from tests.http.sites import Running, log_of
from tests.http.wire import ERAS, LEGACY, MODERN, Client, fields_of, message, request
from tests.serving.wire import Message

both_eras = pytest.mark.parametrize("era", ERAS)
FIND: Message = {"name": "find_contact_by_phone", "arguments": {"phone_number": SEEDED}}
CALL = message("tools/call", FIND)
NEW = message("tools/call", FIND, era=MODERN)
MOST = 1024 * 1024
META = "io.modelcontextprotocol/"


def body(said: object) -> bytes:
    return json.dumps(said).encode()


def without(said: Message, *path: str) -> Message:
    """The same message without the member at this path."""
    copy: Message = json.loads(json.dumps(said))
    inner: Any = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


async def nothing_done(url: str) -> None:
    assert await log_of(url) == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "BREW"])
async def test_only_post_is_served(site: Running, shared_url: str, method: str) -> None:
    """There is no stream to open and no session to end."""
    answer = await site.ask(request(body(CALL), method=method))
    assert answer.status == 405
    assert answer.fields["allow"] == "POST"
    await nothing_done(shared_url)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json-rpc", "json", ";"],
)
async def test_a_body_must_be_declared_as_json(site: Running, shared_url: str, kind: str) -> None:
    """What a form on a web page can send, it cannot be."""
    assert (await site.ask(request(body(CALL), {"Content-Type": kind}))).status == 415
    await nothing_done(shared_url)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_be_declared_in_any_spelling(site: Running, kind: str) -> None:
    """With a parameter, and in capitals."""
    assert (await site.ask(request(body(CALL), {"Content-Type": kind}))).result


async def test_who_hides_that_they_take_json_gets_a_stream(site: Running) -> None:
    """Some proxies do; every client has to take both."""
    answer = await site.ask(request(body(CALL), {"Accept": "text/event-stream"}))
    assert answer.status == 200
    assert len(answer.events) == 1


@pytest.mark.parametrize("accept", ["text/html", "application/xml, image/*"])
async def test_a_client_must_take_json(site: Running, shared_url: str, accept: str) -> None:
    """Refusals are JSON, if nothing else."""
    assert (await site.ask(request(body(CALL), {"Accept": accept}))).status == 406
    await nothing_done(shared_url)


@pytest.mark.parametrize("path", ["/", "/mcp/", "/mcp/x", "/MCP", "/sse", "/docs", "//mcp"])
async def test_nothing_else_is_served(site: Running, path: str) -> None:
    """Neither a landing page nor what an older transport had."""
    assert (await site.get(path)).status == 404


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


async def test_a_body_of_the_largest_size_is_read(site: Running) -> None:
    """Of which nothing is repeated."""
    said = body(message("tools/call", {"name": "no_such"}))
    answer = await site.ask(request(said + b" " * (MOST - len(said))))
    assert answer.refused == (200, -32602)


async def test_a_larger_body_is_refused_before_it_comes(site: Running) -> None:
    """By what its head says."""
    answer = await site.ask(request(None, {"Content-Length": str(MOST + 1)}))
    assert answer.status == 413


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in pieces"])
async def test_who_sends_a_larger_body_reads_why_it_is_refused(
    site: Running, shared_url: str, declared: bool
) -> None:
    """All of it sent before the answer is read; the next request on the connection is fine."""
    raw = body(CALL) + b" " * (2 * MOST)
    async with site.connected() as connection:
        if declared:
            await connection.say(request(raw))
        else:
            await connection.say(request(None, {"Transfer-Encoding": "chunked"}))
            await connection.say(b"%x\r\n" % len(raw), raw, b"\r\n0\r\n\r\n")
        assert (await connection.answer()).status == 413
        await nothing_done(shared_url)
        await connection.say(request(body(message("tools/list"))))
        assert (await connection.answer()).result["tools"]


@both_eras
async def test_a_connection_goes_on_after_refusals(site: Running, era: str) -> None:
    """Pipelined, with and without the bodies read."""
    wrong = [
        request(b"{"),
        request(body(CALL), {"Origin": "https://evil.example"}),
        request(body(CALL), {"Content-Type": "text/plain"}),
        request(body(CALL), method="DELETE"),
        request(body([CALL])),
    ]
    right = Client(site, era, {}).call_bytes(FIND["name"], **FIND["arguments"])
    async with site.connected() as connection:
        await connection.say(*(part for each in wrong for part in (each, right)))
        found: list[int] = []
        for _ in wrong:
            found.append((await connection.answer()).status)
            assert (await connection.answer()).result["structuredContent"]["found"]
    assert found == [400, 403, 415, 405, 400]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\n\r\n",
        request(body(CALL), {"Content-Length": "x"}),
        request(body(CALL), {"Content-Length": "-1"}),
        request(body(CALL), more="Host: localhost\r\n"),
        request(body(CALL), more="Content-Length: 5\r\n"),
        request(body(CALL), {"Transfer-Encoding": "gzip, chunked"}),
        request(body(CALL), {"Bad Name": "x"}),
        request(b"", {"X-Long": "x" * 100_000}),
    ],
)
async def test_what_is_no_http_is_refused(site: Running, shared_url: str, raw: bytes) -> None:
    """And its connection closed: nobody knows where the next request would begin."""
    async with site.connected() as connection:
        await connection.say(raw)
        assert (await connection.head())[0] == 400
    await nothing_done(shared_url)


async def test_a_body_that_is_packed_is_not_unpacked(site: Running, shared_url: str) -> None:
    """A small one could become a very large one."""
    answer = await site.ask(request(b"\x1f\x8b\x08" + b"x" * 50, {"Content-Encoding": "gzip"}))
    assert answer.refused == (400, -32700)
    await nothing_done(shared_url)


async def test_one_who_hangs_up_before_the_end_of_a_body_does_nothing(
    site: Running, shared_url: str
) -> None:
    """Not even with all of the message there."""
    async with site.connected() as connection:
        raw = body(CALL)
        await connection.say(request(None, {"Content-Length": str(len(raw) + 1)}), raw)
    assert (await site.client().ask("tools/list")).result
    await nothing_done(shared_url)

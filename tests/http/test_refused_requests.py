"""A request that is wrong as HTTP is refused with its reason, and nothing of it is done."""

import pytest

from tests.http.calls import CALL, FIND, body
from tests.http.sites import Running, nothing_done
from tests.http.wire import ERAS, Client, message, request

both_eras = pytest.mark.parametrize("era", ERAS)
MOST = 1024 * 1024


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

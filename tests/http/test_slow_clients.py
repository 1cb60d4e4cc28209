"""Clients that begin and do not go on: they are hung up on, and keep nobody else waiting."""

from collections.abc import AsyncGenerator

import anyio
import httpx
import pytest
from anyio.abc import TaskStatus

from sent_mcp.serving.http import incoming, protocol
from tests.http.sites import Inside, inside, log_of
from tests.http.wire import ERAS, MODERN, message, request

LITTLE = 0.3
"""Instead of 10 s for a head, and of 20 s for a body."""
LONG = 30.0
CALL = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_contacts"}}'
WRONG = {"Origin": "https://evil.example"}


@pytest.fixture
async def hasty(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Inside]:
    """A server that waits for little."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", LITTLE)
    monkeypatch.setattr(incoming, "BODY_SECONDS", LITTLE)
    async with inside(url) as site:
        yield site


def test_the_limits_are_those_that_are_promised() -> None:
    """Here they are shorter."""
    assert (protocol.HEAD_SECONDS, incoming.BODY_SECONDS) == (10, 20)
    assert incoming.MOST_BYTES == 1024 * 1024


@pytest.mark.parametrize("sent", [0, 1, 30, -3])
async def test_a_head_that_does_not_come_ends_the_connection(
    hasty: Inside, url: str, sent: int
) -> None:
    """Of which nothing, a little, or nearly all has come."""
    raw = request(CALL)
    head = raw[: raw.index(b"\r\n\r\n") + 4]
    async with hasty.connected() as connection:
        began = anyio.current_time()
        if sent:
            await connection.say(head[:sent])
        assert await connection.ended()
        assert LITTLE / 2 < anyio.current_time() - began < LONG
    assert await log_of(url) == []


async def test_a_head_that_comes_in_drops_ends_the_connection(hasty: Inside) -> None:
    """Each of them is no new beginning."""
    async with hasty.connected() as connection, anyio.create_task_group() as tasks:

        async def drip() -> None:
            for each in request(CALL, {"X-Long": "x" * 1_000}):
                await connection.say(bytes([each]))
                await anyio.sleep(LITTLE / 10)

        async def dripping() -> None:
            with pytest.raises((anyio.BrokenResourceError, anyio.ClosedResourceError)):
                await drip()

        tasks.start_soon(dripping)
        began = anyio.current_time()
        assert await connection.ended()
        assert anyio.current_time() - began < LITTLE * 5
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("pieces", [False, True])
async def test_a_body_that_does_not_come_is_answered_and_ends_it(
    hasty: Inside, url: str, era: str, pieces: bool
) -> None:
    """With 408: whoever stands between may try again."""
    fields = {"Transfer-Encoding": "chunked"} if pieces else {"Content-Length": str(len(CALL))}
    version = {"MCP-Protocol-Version": era}
    async with hasty.connected() as connection:
        await connection.say(request(None, {**fields, **version}))
        await connection.say(b"5\r\n" if pieces else b"", CALL[:5])
        answer = await connection.answer()
        assert answer.refused == (408, -32600)
        assert "did not arrive" in answer.error["message"]
        assert await connection.ended()
    assert await log_of(url) == []


async def test_a_body_that_comes_in_drops_is_not_waited_for_longer(hasty: Inside) -> None:
    """Nor does each piece of it begin anew."""
    async with hasty.connected() as connection, anyio.create_task_group() as tasks:
        await connection.say(request(None, {"Content-Length": "1000"}))

        async def drip() -> None:
            while True:
                await connection.say(b" ")
                await anyio.sleep(LITTLE / 10)

        tasks.start_soon(drip)
        began = anyio.current_time()
        assert (await connection.answer()).status == 408
        assert anyio.current_time() - began < LITTLE * 5
        tasks.cancel_scope.cancel()


async def test_they_keep_nobody_waiting(url: str) -> None:
    """A hundred of them."""
    async with inside(url) as site, anyio.create_task_group() as tasks:

        async def half(size: int, *, task_status: TaskStatus[None]) -> None:
            async with site.connected() as connection:
                await connection.say(request(None, {"Content-Length": "5"})[:size])
                task_status.started()
                await anyio.sleep_forever()

        for size in range(20, 120):
            await tasks.start(half, size)
        assert (await site.client().call("list_contacts"))["contacts"]
        assert (await site.client(MODERN).call("list_contacts"))["contacts"]
        tasks.cancel_scope.cancel()


async def test_who_is_between_two_requests_is_not_slow(hasty: Inside) -> None:
    """A load balancer keeps connections for a minute, and does not like to find them closed."""
    raw = hasty.client().bytes_of(message("tools/list"))
    async with hasty.connected() as connection:
        for _ in range(2):
            await connection.say(raw)
            assert (await connection.answer()).result
            await anyio.sleep(LITTLE * 2)


async def test_neither_is_one_whose_body_came_after_its_refusal(hasty: Inside) -> None:
    """Which was decided by the head."""
    raw = hasty.client().bytes_of(message("tools/list"))
    async with hasty.connected() as connection:
        await connection.say(request(None, {**WRONG, "Content-Length": str(len(CALL))}))
        assert (await connection.answer()).status == 403
        await connection.say(CALL)
        await anyio.sleep(LITTLE * 2)
        await connection.say(raw)
        assert (await connection.answer()).result


async def test_but_one_whose_body_never_ends_is(hasty: Inside) -> None:
    """It could be of any length."""
    async with hasty.connected() as connection:
        await connection.say(request(None, {**WRONG, "Content-Length": "1000"}))
        assert (await connection.answer()).status == 403
        began = anyio.current_time()
        await connection.say(b"x")
        assert await connection.ended()
        assert anyio.current_time() - began < LONG


async def test_a_call_may_take_longer_than_a_head(hasty: Inside, url: str) -> None:
    """Only the client's own time is counted."""
    async with httpx.AsyncClient(base_url=url) as http:
        fault = {"match": "GET /v3/contacts", "kind": "delay", "seconds": LITTLE * 3}
        assert (await http.post("/__emulator/faults", json=[fault])).is_success
    assert (await hasty.client().call("list_contacts"))["contacts"]

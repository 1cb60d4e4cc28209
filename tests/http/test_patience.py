"""Connections on which nothing happens: how long strangers, callers and non-readers may stay."""

from collections.abc import AsyncGenerator

import anyio
import pytest

from sent_mcp.http_settings import load_http_settings
from sent_mcp.serving.http import protocol
from tests.http.sites import ANNA, TOKENS, Inside, inside
from tests.http.wire import Connection, message, request

LITTLE = 0.4
"""Instead of 5 s for a stranger, and of 30 s for who does not read."""
LONG = 10.0
HEALTH = request(method="GET", path="/healthz")
MUCH = 20_000_000


@pytest.fixture
async def hasty(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Inside]:
    """A server for whom knows a token; it waits for nobody else."""
    monkeypatch.setattr(protocol, "STRANGER_SECONDS", LITTLE)
    monkeypatch.setattr(protocol, "READ_SECONDS", LITTLE)
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    async with inside(url, http=http) as site:
        yield site


def test_the_limits_are_those_that_are_promised() -> None:
    """Here they are shorter. Balancers keep an idle connection for a minute."""
    assert protocol.STRANGER_SECONDS == 5
    assert protocol.READ_SECONDS == 30
    assert protocol.IDLE_SECONDS > 60


@pytest.mark.parametrize("said", ["nothing let in", "wrong token", "probe", "not found"])
async def test_a_stranger_who_is_silent_is_hung_up_on(hasty: Inside, said: str) -> None:
    """Whatever they have asked before."""
    raw = {
        "nothing let in": hasty.client().bytes_of(message("tools/list")),
        "wrong token": hasty.bearer("wrong").bytes_of(message("tools/list")),
        "probe": HEALTH,
        "not found": request(method="GET", path="/x"),
    }[said]
    async with hasty.connected() as connection:
        for _ in range(2):
            await connection.say(raw)
            assert (await connection.answer()).status in (200, 401, 404)
        began = anyio.current_time()
        assert await connection.ended()
        assert LITTLE / 2 < anyio.current_time() - began < LONG


async def test_who_was_let_in_may_be_silent(hasty: Inside) -> None:
    """Longer than a load balancer keeps the connection; who asks wrongly after is a stranger."""
    anna = hasty.bearer(ANNA).bytes_of(message("tools/list"))
    async with hasty.connected() as connection:
        for _ in range(2):
            await connection.say(anna)
            assert (await connection.answer()).result["tools"]
            await anyio.sleep(2 * LITTLE)
        await connection.say(HEALTH)
        assert (await connection.answer()).status == 200
        assert await connection.ended()


async def test_a_stranger_who_is_let_in_may_be_silent_from_then_on(hasty: Inside) -> None:
    """The time for strangers does not go on."""
    anna = hasty.bearer(ANNA).bytes_of(message("tools/list"))
    async with hasty.connected() as connection:
        await connection.say(HEALTH)
        assert (await connection.answer()).status == 200
        await connection.say(anna)
        assert (await connection.answer()).result["tools"]
        await anyio.sleep(2 * LITTLE)
        await connection.say(anna)
        assert (await connection.answer()).result["tools"]


async def test_who_never_reads_is_cut_off(hasty: Inside) -> None:
    """However much they ask: their answers are in nobody's way for long."""
    raw = hasty.bearer(ANNA).bytes_of(message("tools/list"))
    async with hasty.connected() as connection:
        with anyio.fail_after(LONG), pytest.raises(anyio.BrokenResourceError):
            await says(connection, raw, MUCH // len(raw))
    assert (await hasty.bearer(ANNA).ask("tools/list")).result["tools"]


async def says(connection: Connection, raw: bytes, times: int) -> None:
    """The same again and again."""
    for _ in range(times):
        await connection.say(raw)

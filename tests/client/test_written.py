"""Whether a request that was cut off may have been written: if not, the change was not made."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from sent_mcp.client import ApiKey, Connections, SentClient
from sent_mcp.client.http1 import MOST_CONNECTIONS
from sent_mcp.errors import APITimeoutError, OutcomeUnknownError
from tests.client.loopback import CONTACT, RECEIPT, Peer, answer, listening, send, serving
from tests.client.wire import KEY

HTTPX_CONNECTIONS = 100


class Holding:
    """Answers at once until it is told to hold; then whoever asks is held until it is over."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self.holds = False
        self.whole = asyncio.Event()
        self.over = asyncio.Event()

    async def talk(self, peer: Peer) -> None:
        """One connection."""
        while request := await peer.hear():
            if self.holds:
                self._held += 1
                if self._held == self._most:
                    self.whole.set()
                await self.over.wait()
            await peer.say(answer(RECEIPT) if request.startswith(b"POST") else answer())


@asynccontextmanager
async def all_reading(client: SentClient, holding: Holding, count: int) -> AsyncGenerator[None]:
    """Inside, so many calls read and are not answered; they are at the end."""
    await client.contacts.get("a")
    holding.holds = True
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(client.contacts.get, "a")
        await holding.whole.wait()
        yield
        holding.over.set()


async def send_in_vain(client: SentClient) -> str:
    """A message whose time is over very soon, and that was not written: what is said about it."""
    with pytest.raises(APITimeoutError) as caught, anyio.fail_after(1.2):
        await send(client)
    assert (caught.value.maybe_done, caught.value.retryable) == (False, True)
    assert "Nothing was changed or sent." in str(caught.value)
    return str(caught.value)


async def test_a_send_that_found_no_free_connection_was_not_made() -> None:
    """All are busy with what others read; afterwards it goes out, once."""
    holding = Holding(MOST_CONNECTIONS)
    async with serving(holding.talk) as (client, server):
        async with all_reading(client, holding, MOST_CONNECTIONS):
            assert "no free connection to Sent" in await send_in_vain(client)
            assert server.bodies == []
        await send(client)
    assert len(server.bodies) == 1


async def test_a_send_cut_off_while_it_connects_was_not_made() -> None:
    """Somebody listens, but says nothing of TLS."""

    async def silent(peer: Peer) -> None:
        await peer.client_hangs_up()

    async with listening(silent) as server:
        client = SentClient(base_url=f"https://127.0.0.1:{server.port}", key=ApiKey(lambda: KEY))
        await send_in_vain(client)
        await client.aclose()
    assert len(server.peers) == 1


async def test_a_send_cut_off_once_it_is_written_may_have_been_made() -> None:
    """It was heard, and not answered."""
    holding = Holding(1)
    holding.holds = True
    async with serving(holding.talk) as (client, server):
        with pytest.raises(OutcomeUnknownError, match="TIMEOUT"), anyio.fail_after(1.5):
            await send(client)
        holding.over.set()
    assert len(server.bodies) == 1


async def test_a_send_that_waits_for_a_connection_after_a_lost_answer_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first attempt may have been made; that the second was not says nothing about it."""
    monkeypatch.setattr("sent_mcp.client.retries.FIRST_WAIT", 0.0)
    holding = Holding(MOST_CONNECTIONS - 1)
    heard = asyncio.Event()

    async def talk(peer: Peer) -> None:
        if not holding.holds:
            await peer.hear()
            await peer.say(answer(CONTACT, b"Connection: close"))
        elif not heard.is_set():
            await peer.hear()
            heard.set()
            await holding.whole.wait()
        else:
            await holding.talk(peer)

    async def send_and_see() -> None:
        with pytest.raises(OutcomeUnknownError, match="no free connection"), anyio.fail_after(1.5):
            await send(client)
        holding.over.set()

    async with serving(talk) as (client, server), anyio.create_task_group() as group:
        await client.contacts.get("a")
        holding.holds = True
        group.start_soon(send_and_see)
        await heard.wait()
        for _ in range(MOST_CONNECTIONS):
            group.start_soon(client.contacts.get, "a")
    assert len(server.bodies) == 1


async def test_behind_a_proxy_a_full_pool_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the pool is another one, which tells that a request got no connection."""
    monkeypatch.setattr("sent_mcp.client.connection.POOL_SECONDS", 0.05)
    whole = asyncio.Event()

    async def proxy(peer: Peer) -> None:
        assert (await peer.hear()).startswith(b"CONNECT")
        if len(server.requests) == HTTPX_CONNECTIONS:
            whole.set()
        await peer.client_hangs_up()

    async with listening(proxy) as server, anyio.create_task_group() as group:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
        shared = Connections("https://api.test")

        def client() -> SentClient:
            key = ApiKey(lambda: KEY)
            return SentClient(base_url=shared.base_url, key=key, connections=shared)

        for _ in range(HTTPX_CONNECTIONS):
            group.start_soon(client().contacts.get, "a")
        await whole.wait()
        assert "PoolTimeout" in await send_in_vain(client())
        group.cancel_scope.cancel()
        await shared.aclose()

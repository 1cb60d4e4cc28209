"""Keys nobody knows: what strangers make up leaves the connections to those whose key is good."""

import asyncio

import anyio
import pytest

from sent_mcp.client import ApiKey, Connections, Newcomers, SentClient
from sent_mcp.client.newcomers import MOST_AT_ONCE, MOST_REMEMBERED
from sent_mcp.errors import APITimeoutError, AuthenticationError
from tests.client.loopback import Peer, Server, answer, listening, send
from tests.client.wire import KEY

REFUSED = answer(
    b'{"success": false, "error": {"code": "AUTH_002", "message": "Invalid"}}',
    status=b"401 Unauthorized",
)
STRANGERS = 40


class Slow:
    """Knows one key, and takes its time with all others."""

    def __init__(self) -> None:
        self.asked = self.most = 0
        self.heard = asyncio.Event()
        self.full = asyncio.Event()
        self.over = asyncio.Event()

    async def talk(self, peer: Peer) -> None:
        """One connection."""
        while request := await peer.hear():
            if f"x-api-key: {KEY}".encode() in request.lower():
                await peer.say(answer())
                continue
            self.asked += 1
            self.heard.set()
            self.most = max(self.most, self.asked)
            if self.asked == MOST_AT_ONCE:
                self.full.set()
            await self.over.wait()
            self.asked -= 1
            await peer.say(REFUSED)


class Everybody:
    """Callers who bring keys, over the same connections."""

    def __init__(self, server: Server) -> None:
        self.connections = Connections(f"http://127.0.0.1:{server.port}")
        self._newcomers = Newcomers()

    def client(self, key: str) -> SentClient:
        """The client of one key; nothing is known of earlier ones of the same key."""
        return SentClient(
            base_url=self.connections.base_url,
            connections=self.connections,
            key=ApiKey(lambda: key, newcomers=self._newcomers),
        )

    async def refused(self, key: str) -> None:
        """A call with a key that Sent does not know."""
        with pytest.raises(AuthenticationError):
            await self.client(key).contacts.get("a")


async def test_strangers_leave_the_others_room() -> None:
    """A few are asked about at once, all in the end; whoever was accepted does not wait."""
    slow = Slow()
    async with listening(slow.talk) as server:
        everybody = Everybody(server)
        mine = everybody.client(KEY)
        await mine.contacts.get("a")
        async with anyio.create_task_group() as group:
            for number in range(STRANGERS):
                group.start_soon(everybody.refused, f"made-up-{number}")
            await slow.full.wait()
            for _ in range(5):
                await mine.contacts.get("a")
            await everybody.client(KEY).contacts.get("a")
            slow.over.set()
        await everybody.connections.aclose()
    assert slow.most == MOST_AT_ONCE
    assert len(server.requests) == STRANGERS + 7


async def test_a_newcomer_who_waits_in_vain_is_told_that_nothing_was_sent() -> None:
    """Whoever brings a good key for the first time may wait behind strangers."""
    slow = Slow()
    async with listening(slow.talk) as server, anyio.create_task_group() as group:
        everybody = Everybody(server)
        for number in range(MOST_AT_ONCE):
            group.start_soon(everybody.refused, f"made-up-{number}")
        await slow.full.wait()
        client = everybody.client(KEY)
        with anyio.fail_after(1.2):
            with pytest.raises(APITimeoutError, match="new here") as caught:
                await send(client)
        assert (caught.value.maybe_done, caught.value.retryable) == (False, True)
        assert "Nothing was changed or sent. Try again" in str(caught.value)
        slow.over.set()
        await client.contacts.get("a")
        await everybody.connections.aclose()
    assert server.bodies == []


async def test_calls_at_once_with_one_new_key_take_one_place() -> None:
    """Also while its first request is not answered; they do not wait longer than they may."""
    slow = Slow()
    async with listening(slow.talk) as server, anyio.create_task_group() as group:
        everybody = Everybody(server)
        client = everybody.client("made-up")
        refused = asyncio.Event()

        async def first() -> None:
            with pytest.raises(AuthenticationError):
                await client.contacts.get("a")
            refused.set()

        group.start_soon(first)
        await slow.heard.wait()
        for _ in range(MOST_AT_ONCE):
            with pytest.raises(APITimeoutError, match="new here"), anyio.fail_after(1.1):
                await client.contacts.get("a")
        slow.over.set()
        await refused.wait()
        with pytest.raises(AuthenticationError, match="answered here"):
            await client.contacts.get("a")
        await everybody.connections.aclose()
    assert len(server.requests) == 1


async def test_a_key_that_is_refused_later_is_a_newcomer_again() -> None:
    """An answer that was on its way meanwhile does not change that."""
    newcomers = Newcomers()
    key = ApiKey(lambda: KEY, newcomers=newcomers)
    fingerprint = key.fingerprint()
    async with key.lease() as leased, key.place(leased, lambda: 1.0):
        key.accepted(leased)
    assert newcomers.has_accepted(fingerprint)
    assert not key.refused(leased, AuthenticationError(401, "No", code="AUTH_002"))
    key.accepted(leased)
    assert not newcomers.has_accepted(fingerprint)


async def test_accepted_keys_are_not_remembered_without_end() -> None:
    """The latest are."""
    newcomers = Newcomers()
    for number in range(MOST_REMEMBERED + 1):
        newcomers.accept(str(number))
    assert not newcomers.has_accepted("0")
    assert newcomers.has_accepted("1")
    assert newcomers.has_accepted(str(MOST_REMEMBERED))

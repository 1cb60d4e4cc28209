"""How many connections there are, and how they end: after a while, cancelled, closed."""

import asyncio
import subprocess
import sys

import anyio
import pytest

from sent_mcp.client.http1 import MOST_CONNECTIONS
from tests.client.loopback import CONTACT, Peer, answer, polite, send, serving


async def test_two_hundred_calls_at_once_share_thirty_two_connections() -> None:
    """All are answered."""
    whole = asyncio.Event()

    async def talk(peer: Peer) -> None:
        while request := await peer.hear():
            if b"/first" not in request:
                if server.open == MOST_CONNECTIONS:
                    whole.set()
                await whole.wait()
            await peer.say(answer())

    async with serving(talk) as (client, server):
        await client.contacts.get("first")
        async with anyio.create_task_group() as group:
            for _ in range(200):
                group.start_soon(client.contacts.get, "a")
    assert (len(server.requests), server.most_open) == (201, MOST_CONNECTIONS)
    assert len(server.peers) == MOST_CONNECTIONS


@pytest.mark.parametrize(
    ("text", "said"),
    [("x" * 500_000, b""), ("Hi", b""), ("Hi", answer()[:-1])],
    ids=["writing", "waiting", "reading"],
)
async def test_calls_that_are_cancelled_leave_every_place_free(text: str, said: bytes) -> None:
    """Those that wait for a place too; each connection that was used is hung up."""
    busy, cancelled = asyncio.Event(), asyncio.Event()

    async def talk(peer: Peer) -> None:
        if (await peer.hear_head()).startswith(b"GET"):
            await peer.say(answer(CONTACT, b"Connection: close"))
            return
        await peer.say(said)
        if server.open == MOST_CONNECTIONS:
            busy.set()
        await cancelled.wait()
        await peer.client_hangs_up()

    async with serving(talk) as (client, server):
        for _ in range(2):
            await client.contacts.get("a")
            await server.empty()
            async with anyio.create_task_group() as group:
                for _ in range(MOST_CONNECTIONS + 8):
                    group.start_soon(send, client, text)
                await busy.wait()
                group.cancel_scope.cancel()
            cancelled.set()
            await server.empty()
            busy.clear()
            cancelled.clear()
    assert len(server.requests) == 2 * (1 + MOST_CONNECTIONS)


async def test_closing_lets_a_call_under_way_end() -> None:
    """Cutting it off would leave its outcome open; its connection is not kept."""
    asked, closed = asyncio.Event(), asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.hear()
        asked.set()
        await closed.wait()
        await peer.say(answer())
        await peer.client_hangs_up()

    async with serving(talk) as (client, server), anyio.create_task_group() as group:
        group.start_soon(client.contacts.get, "a")
        await asked.wait()
        await client.aclose()
        closed.set()
    assert len(server.requests) == 1


async def test_after_closing_the_next_call_connects_again() -> None:
    """A client can be closed to save connections."""
    async with serving(polite) as (client, server):
        await client.contacts.get("a")
        await client.aclose()
        await server.empty()
        await client.contacts.get("a")
    assert len(server.peers) == 2


async def test_connections_idle_for_too_long_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, not only the one that would have been used."""
    together = asyncio.Barrier(3)

    async def talk(peer: Peer) -> None:
        while request := await peer.hear():
            if b"/together" in request:
                await together.wait()
            await peer.say(answer())

    async with serving(talk) as (client, server):
        await client.contacts.get("a")
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(client.contacts.get, "together")
        monkeypatch.setattr("sent_mcp.client.http1.IDLE_SECONDS", 0.0)
        await client.contacts.get("a")
        for peer in server.peers[:3]:
            await peer.gone.wait()
    assert len(server.peers) == 4


AT_THE_END = """
import asyncio, gc
from tests.client.loopback import answer, listening

async def unanswered(peer):
    if b"/first" in await peer.hear():
        await peer.say(answer())
    else:
        await peer.client_hangs_up()

async def main():
    # Debug mode tells of every step that took a tenth of a second, on a busy machine.
    asyncio.get_running_loop().slow_callback_duration = 60
    async with listening(unanswered) as server:
        client = server.client()
        await client.contacts.get("first")
        calls = [asyncio.create_task(client.contacts.get("a")) for _ in range(40)]
        while len(server.requests) < 33:
            await asyncio.sleep(0)
        raise SystemExit(3)

try:
    asyncio.run(main(), debug=True)
finally:
    gc.collect()
"""


def test_a_process_that_ends_in_the_middle_of_calls_says_nothing() -> None:
    """No warning about a socket or a task that was left behind."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", AT_THE_END],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")

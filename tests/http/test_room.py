"""Room for connections and bodies: who finds none is turned away, and nobody else suffers."""

import json
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import anyio
import pytest

from sent_mcp.serving.http import incoming, listening
from tests.http.sites import PROGRAM, Inside, Running, inside, reaching, started
from tests.http.wire import Connection, Site, message, request

SOFT, HARD = 120, 220
BOUND = HARD - 100 - 1
"""Connections there is room for: 100 descriptors are for other things, one turns away the rest."""
LIMITED = ("sh", "-c", f'ulimit -Sn {SOFT} && ulimit -Hn {HARD} && exec "$@"', "sh", *PROGRAM)
CALL = json.dumps(message("tools/list")).encode()
posix = pytest.mark.skipif(sys.platform != "linux", reason="limits are read in /proc")


@pytest.fixture
def narrow(home: Path, url: str) -> Generator[Running]:
    """A server that may have few descriptors."""
    with started(home, program=LIMITED, **reaching(url)) as site:
        yield site
    assert "Traceback" not in site.stderr
    assert site.stderr.count("\n") <= 4, site.stderr


@posix
async def test_it_takes_all_descriptors_that_it_may_have(narrow: Running) -> None:
    """A limit that only warns is not one to fail by."""
    assert (await narrow.get("/healthz")).status == 200
    limits = await anyio.Path(f"/proc/{narrow.process.pid}/limits").read_text()
    (line,) = [each for each in limits.splitlines() if each.startswith("Max open files")]
    assert line.split()[3:5] == [str(HARD)] * 2


@posix
async def test_who_finds_no_room_is_turned_away_and_nobody_else(narrow: Running) -> None:
    """All that are in are answered, also when there is no room left."""
    async with AsyncExitStack() as opened:
        those = [await opened.enter_async_context(narrow.connected()) for _ in range(BOUND)]
        for each in those:
            await asks(each)
        for _ in range(20):
            async with narrow.connected() as late:
                assert await late.ended()
        for each in those:
            await asks(each)
    await comes_in(narrow)


@posix
async def test_a_flood_is_turned_away_without_a_word(narrow: Running) -> None:
    """More at once than there are descriptors; who was there before is served meanwhile."""
    async with narrow.connected() as before:
        await asks(before)
        with ExitStack() as opened:
            narrow.signal(SIGSTOP)
            for _ in range(2 * HARD):
                made = socket.create_connection(("127.0.0.1", narrow.port), timeout=10)
                opened.enter_context(made)
            narrow.signal(SIGCONT)
            await asks(before)
            await calls(before, narrow)
    await comes_in(narrow)
    assert "out of system resource" not in narrow.stderr


async def asks(connection: Connection) -> None:
    """It must be answered."""
    await connection.say(request(CALL))
    assert (await connection.answer()).result["tools"]


async def calls(connection: Connection, site: Site) -> None:
    """So must a call, which needs a connection to Sent."""
    await connection.say(site.client().call_bytes("list_contacts"))
    assert (await connection.answer()).result["structuredContent"]["contacts"]


async def comes_in(site: Site) -> None:
    """Wait until there is room again."""
    with anyio.fail_after(10):
        while True:
            try:
                assert (await site.get("/healthz")).status == 200
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.IncompleteRead):
                continue
            return


@posix
@pytest.mark.parametrize("hard", [50, 100, 101])
def test_there_is_always_room_for_somebody(monkeypatch: pytest.MonkeyPatch, hard: int) -> None:
    """However few descriptors there are; and never for everybody."""
    import resource

    def limits(which: int) -> tuple[int, int]:
        return hard, hard

    def unlimited(which: int, limits: tuple[int, int]) -> None:
        """It would hold for all tests after this one."""

    monkeypatch.setattr(resource, "getrlimit", limits)
    monkeypatch.setattr(resource, "setrlimit", unlimited)
    assert 1 <= listening.most_connections() <= 100


@asynccontextmanager
async def half_sent(site: Site, size: int) -> AsyncGenerator[Connection]:
    """A request that is answered when its last byte comes, and so many have come of its body."""
    raw = CALL + b" " * (size + 1 - len(CALL))
    async with site.connected() as connection:
        await connection.say(request(None, {"Content-Length": str(len(raw))}), raw[:size])
        yield connection


@pytest.fixture
async def small(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Inside]:
    """A server with room for ten bodies of a kilobyte at a time."""
    monkeypatch.setattr(incoming, "MOST_BYTES", 1_000)
    monkeypatch.setattr(incoming, "MOST_BYTES_UNDER_WAY", 10_000)
    async with inside(url) as site:
        yield site


def test_the_limits_are_those_that_are_promised() -> None:
    """Here they are smaller."""
    assert incoming.MOST_BYTES_UNDER_WAY == 64 * incoming.MOST_BYTES == 64 * 1024 * 1024
    assert listening.MOST_CONNECTIONS == 2000


async def test_bodies_that_do_not_end_leave_no_room_and_say_so(small: Inside) -> None:
    """With 503: whoever stands between may try again. Who was first is answered."""
    async with AsyncExitStack() as opened:
        enter = opened.enter_async_context
        halves = [await enter(half_sent(small, 999)) for _ in range(10)]
        with anyio.fail_after(10):
            while (full := await small.ask(request(CALL))).status != 503:
                await anyio.lowlevel.checkpoint()
        assert full.fields["retry-after"] == "1"
        assert "nothing was done" in full.error["message"]
        assert (await small.get("/healthz")).status == 200
        await halves[0].say(b" ")
        assert (await halves[0].answer()).result["tools"]
        assert (await small.ask(request(CALL))).result["tools"]


@pytest.mark.parametrize("how", ["hung up", "answered", "too large", "too slow"])
async def test_there_is_room_again_when_they_are_gone(
    small: Inside, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they went; three times over, so that nothing is kept of them."""
    if how == "too slow":
        monkeypatch.setattr(incoming, "BODY_SECONDS", 0.3)
    for _ in range(3):
        async with AsyncExitStack() as opened:
            enter = opened.enter_async_context
            halves = [await enter(half_sent(small, 990)) for _ in range(10)]
            for each in halves:
                await leaves(each, how)
        with anyio.fail_after(10):
            while (answer := await small.ask(request(CALL))).status == 503:
                await anyio.lowlevel.checkpoint()
        assert answer.result["tools"]


async def leaves(connection: Connection, how: str) -> None:
    """One body less, or it is just about to be."""
    if how == "answered":
        await connection.say(b" ")
        assert (await connection.answer()).status == 200
    elif how == "too slow":
        assert (await connection.answer()).status == 408


@pytest.mark.parametrize("pieces", [False, True])
@pytest.mark.parametrize("over", [0, 1])
async def test_a_body_has_a_largest_size_to_the_byte(
    small: Inside, over: int, pieces: bool
) -> None:
    """Whether it says so before or not."""
    raw = CALL + b" " * (1_000 + over - len(CALL))
    said = request(raw)
    if pieces:
        head = request(None, {"Transfer-Encoding": "chunked"})
        said = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(raw), raw)
    assert (await small.ask(said)).status == (413 if over else 200)

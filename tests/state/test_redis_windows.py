"""Budgets on a Redis server: many replicas together never spend more than there is."""

import logging
from collections.abc import AsyncGenerator, Callable

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.moving_windows import (
    WINDOW_SECONDS,
    FallbackWindows,
    MemoryWindows,
    MovingWindowError,
    Room,
)
from sent_mcp.state import open_redis
from sent_mcp.state.redis_server import RedisServer
from sent_mcp.state.redis_windows import RedisWindows
from tests.state.places import SECRET, Clock
from tests.state.redis import RedisProcess

MOST = {"a": 3, "b": 5}
PAUSES = st.sampled_from([0.0, 0.25, 1.0, 20.0, 59.5, 60.0, 61.0])
HITS = st.lists(st.tuples(PAUSES, st.sampled_from(sorted(MOST)), st.integers(1, 4)), max_size=30)
Connect = Callable[[], RedisWindows]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def connect(redis: RedisProcess, clock: Clock) -> AsyncGenerator[Connect]:
    """The windows of one more replica."""
    servers: list[RedisServer] = []

    def connect() -> RedisWindows:
        servers.append(RedisServer(redis.url, clock=clock))
        return RedisWindows(servers[-1])

    yield connect
    for server in servers:
        await server.aclose()


@settings(max_examples=40, deadline=None)
@given(HITS)
async def test_they_let_through_what_those_of_one_process_would(
    shared_redis: RedisProcess, hits: list[tuple[float, str, int]]
) -> None:
    """And tell the same room."""
    shared_redis.tell("FLUSHALL")
    clock = Clock()
    server = RedisServer(shared_redis.url, clock=clock)
    shared, here = RedisWindows(server), MemoryWindows(clock=clock)
    for pause, name, cost in hits:
        clock.time += pause
        taken = await here.hit(name, MOST[name], cost)
        assert await shared.hit(name, MOST[name], cost) is taken
        assert await shared.room(name, MOST[name]) == await here.room(name, MOST[name])
    await server.aclose()


async def test_many_replicas_at_once_never_spend_more_than_there_is(connect: Connect) -> None:
    """However they hit; and all of it."""
    replicas, spent = [connect(), connect()], list[bool]()

    async def spend(windows: RedisWindows) -> None:
        for _ in range(20):
            spent.append(await windows.hit("messages", 60, 1))

    async with anyio.create_task_group() as tasks:
        for windows in replicas * 4:
            tasks.start_soon(spend, windows)
    assert (spent.count(True), len(spent)) == (60, 160)


async def test_a_replica_with_another_clock_spends_no_more(
    redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute is one of the server."""
    servers = [RedisServer(redis.url) for _ in range(2)]
    one, other = map(RedisWindows, servers)
    assert await one.hit("messages", 60, 50)
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert not await other.hit("messages", 60, 11)
    assert await other.hit("messages", 60, 10)
    room = await one.room("messages", 60)
    assert room.units == 0
    assert 55 < room.seconds <= WINDOW_SECONDS
    for server in servers:
        await server.aclose()


async def test_what_is_kept_is_little_and_ends(
    connect: Connect, redis: RedisProcess, clock: Clock
) -> None:
    """A hit is one entry whatever it costs; after its minute it is gone."""
    windows = connect()
    assert await windows.hit("messages", 60, 50)
    (key,) = redis.names()
    assert redis.tell("LLEN", key) == 1
    redis.pass_time(WINDOW_SECONDS + 2)
    assert redis.names() == []
    for _ in range(300):
        clock.time += WINDOW_SECONDS / 50
        assert await windows.hit("messages", 60, 1)
    assert redis.tell("LLEN", key) in (50, 51)


async def test_a_clock_that_was_set_back_closes_no_budget_for_long(
    connect: Connect, clock: Clock
) -> None:
    """What was spent counts for a minute from then on, and nothing of it is forgotten before."""
    windows = connect()
    for cost in (2, 3):
        assert await windows.hit("messages", 6, cost)
        clock.time += 10
    clock.time -= 3600
    assert await windows.room("messages", 6) == Room(1, WINDOW_SECONDS)
    assert not await windows.hit("messages", 6, 2)
    assert await windows.hit("messages", 6, 1)
    clock.time += WINDOW_SECONDS - 1
    assert not await windows.hit("messages", 6, 1)
    clock.time += 1
    assert await windows.hit("messages", 6, 6)


async def test_without_a_server_they_fail_and_say_why(own_redis: RedisProcess) -> None:
    """What stands around them decides what to do."""
    server = RedisServer(own_redis.url)
    windows = RedisWindows(server)
    assert await windows.hit("messages", 60, 1)
    own_redis.stop()
    with pytest.raises(MovingWindowError, match="nothing listens there"):
        await windows.hit("messages", 60, 1)
    with pytest.raises(MovingWindowError, match="nothing listens there"):
        await windows.room("messages", 60)
    await server.aclose()


async def test_a_replica_that_loses_the_server_keeps_to_the_budget(
    own_redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """By itself, with what it spent before; and goes back to the server when it is there again."""
    caplog.set_level(logging.INFO, "sent_mcp.moving_windows")
    clock = Clock()
    server, others = RedisServer(own_redis.url), RedisServer(own_redis.url)
    windows = FallbackWindows(RedisWindows(server), MemoryWindows(clock=clock), clock=clock)
    assert await windows.hit("messages", 60, 40)
    own_redis.stop()
    assert await windows.hit("messages", 60, 15)
    assert not await windows.hit("messages", 60, 6)
    assert (await windows.room("messages", 60)).units == 5
    own_redis.start()
    assert await RedisWindows(others).hit("messages", 60, 57)
    assert await windows.hit("messages", 60, 1)
    clock.time += 6
    assert not await windows.hit("messages", 60, 4)
    assert (await windows.room("messages", 60)).units == 3
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    await server.aclose()
    await others.aclose()


async def test_a_store_and_windows_are_opened_together(redis: RedisProcess) -> None:
    """Over one pool of connections; closing the store closes both."""
    shared = open_redis(redis.url, SECRET)
    assert await shared.windows.hit("messages", 60, 1)
    await shared.state.ping()
    assert redis.names()[0].startswith("{sent-mcp:1}:")
    assert redis.connections() == 1
    await shared.state.aclose()
    with pytest.raises(ValueError, match="must begin with redis://"):
        open_redis("http://127.0.0.1", SECRET)

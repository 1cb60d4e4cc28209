"""A Redis server that is away, slow, full or wiped: it is said why, and nothing is half done."""

import time

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyio.abc import SocketAttribute, SocketStream

from sent_mcp.state import NewSend, Pending, StateError, Used
from sent_mcp.state.redis_server import CONNECTIONS
from tests.state.places import Open, held, why_not
from tests.state.redis import RedisProcess, running_redis

HELLO = NewSend("mine", "body", "content", ("ada", "bob"), "key")


async def test_a_restart_between_two_calls_costs_no_call(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """The connections of before are dead, and the scripts are forgotten."""
    state = open_at(own_redis.url)
    await held(state)
    for _ in range(3):
        await anyio.to_thread.run_sync(own_redis.restart)
        assert await state.take("a", "binding") is None
        assert await state.spend("me", 1, 1, 600) is not None


async def test_what_a_server_keeps_on_its_disk_outlives_a_crash(open_at: Open) -> None:
    """An approval that was given stays given."""
    with running_redis("--appendonly", "yes", "--appendfsync", "always") as server:
        state = open_at(server.url)
        await held(state, "given")
        waiting = await held(state, "waiting")
        assert isinstance(await state.take("given", "binding"), Pending)
        await anyio.to_thread.run_sync(server.kill)
        await anyio.to_thread.run_sync(server.start)
        assert isinstance(await state.take("given", "binding"), Used)
        assert await state.take("waiting", "binding") == waiting


async def test_a_server_that_is_down_is_named(open_at: Open, own_redis: RedisProcess) -> None:
    """With host and port; it is used again as soon as it is there."""
    state = open_at(own_redis.url)
    asked = await held(state)
    own_redis.stop()
    with pytest.raises(StateError, match=f"Redis at 127.0.0.1:{own_redis.port} cannot be reached"):
        await state.take("a", "binding")
    assert await why_not(state) == "cannot be reached: nothing listens there"
    own_redis.start()
    await state.ping()
    await state.hold(asked)
    assert await state.take("a", "binding") == asked


async def test_a_server_that_answers_nothing_is_given_up_soon(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """Also by many at once, on connections of before and new ones; it is used again after that."""
    state = open_at(own_redis.url)
    asked = await held(state)

    async def cancelled() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await why_not(state)
            await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught

    began = time.monotonic()
    with own_redis.paused():
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(why_not, state)
            tasks.start_soon(cancelled)
        assert await why_not(open_at(own_redis.url)) == "did not answer in time"
    assert time.monotonic() - began < 6
    assert await state.take("a", "binding") == asked


async def test_a_full_server_takes_nothing_and_leaves_nothing_half_done(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """An approval that cannot be written down as given is not given, and stays."""
    state = open_at(own_redis.url)
    asked = await held(state)
    counted = await state.spend("me", 1, 1, 600)
    assert counted is not None
    send_id = await state.start_send(HELLO, 99, [])
    assert isinstance(send_id, int)
    before = own_redis.names()
    own_redis.tell("CONFIG", "SET", "maxmemory", 1)
    for refused in (
        lambda: state.take("a", "binding"),
        lambda: state.hold(Pending("b", "me", "binding", "key", 0, 2_000_000_000)),
        lambda: state.spend("them", 1, 1, 600),
        lambda: state.declined("me"),
        lambda: state.start_send(NewSend("mine", "other", "other", ("eve",), "k"), 99, []),
        lambda: state.close_send(send_id, [("ada", "m1")]),
        lambda: state.ping(),
    ):
        with pytest.raises(StateError, match="is full"):
            await refused()
    assert own_redis.names() == before
    assert [each.open for each in await state.earlier("mine", "content", ["ada"])] == [True]
    assert await state.drop_send(send_id, repeated=False)
    await state.spend_back("me", counted)
    own_redis.tell("CONFIG", "SET", "maxmemory", 0)
    assert await state.take("a", "binding") == asked
    assert await state.spend("me", 1, 1, 600) is not None
    assert await state.counted("mine") == 0


async def test_what_was_wiped_is_not_known(open_at: Open, redis: RedisProcess) -> None:
    """Between the question and the answer; numbers of before are not given again."""
    state = open_at(redis.url)
    await held(state)
    first = await state.start_send(HELLO, 99, [])
    redis.tell("FLUSHALL")
    redis.tell("SCRIPT", "FLUSH")
    assert await state.take("a", "binding") is None
    assert await state.used("a") is None
    second = await state.start_send(HELLO, 99, [])
    assert isinstance(first, int)
    assert isinstance(second, int)
    assert second > first
    await state.close_send(first, [("ada", "m1")])
    assert [each.open for each in await state.earlier("mine", "content", ["ada"])] == [True]


async def test_a_server_that_became_a_replica_is_let_go(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """After a failover the same name may lead to the new server, so it is connected to anew."""
    state = open_at(own_redis.url)
    await held(state)
    own_redis.tell("REPLICAOF", "127.0.0.1", 1)
    assert await why_not(state) == "is a replica that can only be read"
    assert own_redis.connections() == 0
    own_redis.tell("REPLICAOF", "NO", "ONE")
    await state.ping()


async def test_an_older_server_is_refused(open_at: Open) -> None:
    """In words that say which is needed."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            while True:
                asked = await stream.receive()
                told = b"$22\r\nredis_version:6.0.16\r\n\r\n" if b"INFO" in asked else b""
                await stream.send(told or b"+OK\r\n" * asked.count(b"SETINFO"))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        state = open_at(f"redis://127.0.0.1:{port}")
        assert await why_not(state) == "is version 6.0; 6.2 or newer is needed, or Valkey"
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def test_an_error_that_nobody_thought_of_is_told_by_its_code(
    open_at: Open, redis: RedisProcess
) -> None:
    """Somebody else wrote to our key."""
    redis.tell("LPUSH", "{sent-mcp:1}:used:a", "theirs")
    with pytest.raises(StateError, match=r"answered with an error \(WRONGTYPE\)"):
        await open_at(redis.url).used("a")


async def test_a_server_that_may_drop_the_journal_is_warned_of_once(
    open_at: Open, own_redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """By its eviction policy; the usual one is fine."""
    await open_at(own_redis.url).ping()
    assert caplog.messages == []
    own_redis.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    state = open_at(own_redis.url)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(state.ping)
    assert len(caplog.messages) == 1
    assert "maxmemory-policy allkeys-lru" in caplog.messages[0]
    assert "may drop the journal" in caplog.messages[0]


async def test_a_call_that_was_cancelled_is_finished(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """Else an approval would be used up, and nobody would act on it."""
    state, found = open_at(own_redis.url), list[object]()
    asked = [await held(state, name) for name in ("before", "meanwhile")]
    with anyio.CancelScope() as scope:
        scope.cancel()
        found.append(await state.take("before", "binding"))

    async def take(scope: anyio.CancelScope) -> None:
        with scope:
            found.append(await state.take("meanwhile", "binding"))

    async with anyio.create_task_group() as tasks:
        with own_redis.paused():
            tasks.start_soon(take, scope := anyio.CancelScope())
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert found == asked


async def test_many_at_once_share_few_connections(open_at: Open, redis: RedisProcess) -> None:
    """They wait for each other."""
    state = open_at(redis.url)
    async with anyio.create_task_group() as tasks:
        for _ in range(300):
            tasks.start_soon(state.declined, "me")
    assert len(await state.declines("me", 60)) == 300
    assert 1 < redis.connections() <= CONNECTIONS

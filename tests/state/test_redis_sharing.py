"""Several replicas on one Redis server: nothing is done twice, and no clock counts but its own."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.to_thread
import pytest
from anyio.abc import SocketAttribute, SocketStream

from sent_mcp.state import NewSend, Pending, StateError, Used
from sent_mcp.state import redis_server as implementation
from sent_mcp.state.redis_server import PREFIX
from tests.state.places import Open, held, why_not
from tests.state.redis import RedisProcess, free_port, running_redis

HELLO = NewSend("mine", "body", "content", ("ada", "bob"), "key")
RACER = """
import json, sys
import anyio
from sent_mcp.state import Pending
from sent_mcp.state.redis_server import RedisServer
from sent_mcp.state.redis_state import RedisState

async def race():
    state = RedisState(RedisServer(sys.argv[1]), b"secret")
    await state.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    found = [await state.take(str(turn), "binding") for turn in range(50)]
    won = [turn for turn, one in enumerate(found) if isinstance(one, Pending)]
    assert None not in found
    await state.aclose()
    print(json.dumps(won))

anyio.run(race)
"""


def raced(url: str) -> list[list[int]]:
    """Which approvals each of two processes got, that began at the same moment."""
    command, piped = [sys.executable, "-c", RACER, url], subprocess.PIPE
    racers = [subprocess.Popen(command, stdin=piped, stdout=piped, text=True) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return [json.loads(racer.communicate(timeout=30)[0]) for racer in racers]


async def test_of_two_processes_one_gets_an_approval(open_at: Open, redis: RedisProcess) -> None:
    """Fifty times; the other is told that it was used."""
    state = open_at(redis.url)
    for turn in range(50):
        await held(state, str(turn))
    one, other = await anyio.to_thread.run_sync(raced, redis.url)
    assert sorted(one + other) == list(range(50))


async def test_the_clock_of_a_replica_does_not_count(
    open_at: Open, redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is wrong by years asks, takes and counts as everybody else does."""
    right, wrong = open_at(redis.url), open_at(redis.url)
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert abs(await wrong.now() - await right.now()) < 0.5
    asked = await held(wrong)
    assert await right.take("a", "binding") == asked
    assert isinstance(await wrong.take("a", "binding"), Used)
    assert await right.spend("me", 1, 1, 600) is not None
    assert await wrong.spend("me", 1, 1, 600) is None
    send_id = await wrong.start_send(HELLO, 99, [])
    found = await right.open_send("mine", "body")
    assert found is not None
    assert found.send_id == send_id
    assert abs(found.at - await right.now()) < 0.5


async def test_the_servers_clock_is_reckoned_for_a_while(
    open_at: Open, own_redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it costs no call; then it is asked for."""
    state = open_at(own_redis.url)
    seconds, microseconds = map(int, str(own_redis.tell("TIME")).strip("[]()").split(","))
    assert abs(await state.now() - seconds - microseconds / 1e6) < 0.5
    own_redis.stop()
    assert await state.now() > seconds
    monkeypatch.setattr(implementation, "CLOCK_SECONDS", -1)
    with pytest.raises(StateError, match="cannot be reached"):
        await state.now()


async def test_keys_tell_nothing_and_leave_another_layout_alone(
    open_at: Open, redis: RedisProcess
) -> None:
    """After a rollback the older version finds what it had, and no name stands in a key."""
    redis.tell("SET", "{sent-mcp:2}:approval:a", "of a newer version", "EX", 1000)
    redis.tell("SET", "theirs", "of somebody else", "EX", 1000)
    state = open_at(redis.url)
    now, anna = await state.now(), "Anna Müller <anna@example.org>\n*"
    await state.hold(Pending("a", anna, "binding", "key", now, now + 300))
    await state.take("a", "binding")
    await state.hold(Pending("b", anna, "binding", "key", now, now + 300))
    await state.declined(anna)
    await state.spend(anna, 1, 1, 600)
    await state.start_send(replace(HELLO, account=anna, recipients=(anna,)), 99, [])
    ours = [name for name in redis.names() if name.startswith(PREFIX)]
    assert sorted(set(redis.names()) - set(ours)) == ["theirs", "{sent-mcp:2}:approval:a"]
    assert len(ours) >= 8
    assert all(name.isascii() and "nna" not in name and " " not in name for name in ours)
    redis.pass_time(0)


@pytest.fixture
def cluster() -> Generator[RedisProcess]:
    """A cluster of one node, which is as strict as one of many about keys of one script."""
    # The port that nodes talk on is the other one and ten thousand, unless it is named.
    with running_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        server.tell("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until = time.monotonic() + 10
        while "cluster_state:ok" not in str(server.tell("CLUSTER", "INFO")):
            assert time.monotonic() < until
        yield server


async def test_all_keys_are_in_one_slot_of_a_cluster(open_at: Open, cluster: RedisProcess) -> None:
    """So a script may touch all of them."""
    state = open_at(cluster.url)
    asked = await held(state)
    await held(state, "b")
    assert await state.take("a", "binding") == asked
    await state.drop_alike("me", "binding")
    assert await state.drop("b") is None
    first = await state.start_send(HELLO, 99, [])
    assert isinstance(first, int)
    assert await state.drop_send(first, repeated=False)
    assert len({cluster.tell("CLUSTER", "KEYSLOT", key) for key in cluster.names()}) == 1


@asynccontextmanager
async def losing_answers(port: int) -> AsyncGenerator[tuple[int, list[int]]]:
    """The port of a way to the server, and how many answers are lost on it, with the connection."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    losing = [0]

    async def pass_on(here: SocketStream) -> None:
        async with here, await anyio.connect_tcp("127.0.0.1", port) as there:
            try:
                while True:
                    await there.send(await here.receive())
                    answer = await there.receive()
                    if losing[0]:
                        losing[0] -= 1
                        return
                    await here.send(answer)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, pass_on)
        yield listener.extra(SocketAttribute.local_port), losing
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def test_a_lost_answer_is_asked_for_again_only_where_that_is_safe(
    open_at: Open, redis: RedisProcess
) -> None:
    """An approval that was taken is used, and not taken twice; what only notes is noted."""
    async with losing_answers(redis.port) as (port, losing):
        state = open_at(f"redis://127.0.0.1:{port}")
        await held(state)
        # Else the lost answer is that the server does not know the script yet.
        assert await state.take("nobody's", "binding") is None
        losing[0] = 1
        with pytest.raises(StateError, match="broke the connection"):
            await state.take("a", "binding")
        assert isinstance(await state.used("a"), Used)
        for safe in (
            lambda: state.finish("a", "deleted", ["m1"]),
            lambda: state.used("a"),
            lambda: state.counted("mine"),
        ):
            losing[0] = 1
            await safe()
            assert losing[0] == 0
        used = await state.used("a")
        assert used is not None
        assert (used.status, used.ids) == ("deleted", ("m1",))
        losing[0] = 2
        assert await why_not(state) == "cannot be reached, or broke the connection"
        await state.aclose()


async def test_noting_an_outcome_twice_is_noting_it_once(
    open_at: Open, redis: RedisProcess
) -> None:
    """Also where one recipient has two messages and only one was answered."""
    state = open_at(redis.url)
    send_id = await state.start_send(replace(HELLO, recipients=("ada", "ada")), 99, [])
    assert isinstance(send_id, int)
    for _ in range(2):
        await state.close_send(send_id, [("ada", "m1")])
    assert redis.tell("HMGET", f"{PREFIX}send:{send_id}", "id1", "id2") == ["m1", None]
    await state.finish("unknown", "deleted", [])
    await state.close_send(5, [("ada", "m1")])
    assert await state.used("unknown") is None
    redis.pass_time(0)


def test_redis_is_loaded_only_for_who_uses_it() -> None:
    """It takes longer than all the rest of the store."""
    script = "import sys, sent_mcp.state; print([m for m in sys.modules if m.startswith('redis')])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_the_library_it_is_said_what_to_install() -> None:
    """Only where Redis is asked for."""
    script = """
import sys
sys.modules["redis"] = None
from sent_mcp.errors import SettingsError
from sent_mcp.state import open_redis
try:
    open_redis("redis://127.0.0.1", bytes(32))
except SettingsError as error:
    print(error.message)
"""
    told = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert "pip install 'sent-mcp[redis]'" in told

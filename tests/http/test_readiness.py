"""`/readyz` before a Redis: it answers soon whatever the Redis does, and asks it once at a time."""

import time
from collections.abc import Generator

import anyio
import pytest

from sent_mcp.errors import SentError
from sent_mcp.serving.http.readiness import Readiness
from tests.http.replicas import SECRET
from tests.http.sites import inside
from tests.http.wire import Answer, Site
from tests.state.redis import RedisProcess, running_redis

SOON = 1.5
MANY = 30


@pytest.fixture
def own_redis() -> Generator[RedisProcess]:
    """A server that a test may stop and pause."""
    with running_redis() as server:
        yield server


async def all_at_once(site: Site) -> tuple[list[Answer], float]:
    """What many who ask at once are answered, and after how long the last of them."""
    answers: list[Answer] = []

    async def ask() -> None:
        answers.append(await site.get("/readyz"))

    began = time.monotonic()
    async with anyio.create_task_group() as tasks:
        for _ in range(MANY):
            tasks.start_soon(ask)
    return answers, time.monotonic() - began


async def until(site: Site, state: str) -> Answer:
    """Wait until it says so of its store."""
    with anyio.fail_after(15):
        while (answer := await site.get("/readyz")).json["state"] != state:
            await anyio.lowlevel.checkpoint()
    return answer


async def test_a_redis_that_hangs_delays_nobody_for_long(url: str, own_redis: RedisProcess) -> None:
    """It was reached before, so this replica stays in its balancer: reads go on."""
    async with inside(url, state=own_redis.url, secret=SECRET) as site:
        ready = await until(site, "ok")
        assert (ready.status, ready.json["status"]) == (200, "ready")
        connections = own_redis.connections()
        with own_redis.paused():
            for _ in range(2):
                # Until then they are told what was seen before.
                await anyio.sleep(1.1)
                answers, seconds = await all_at_once(site)
                assert seconds < SOON
                assert [each.status for each in answers] == [200] * MANY
                assert {each.json["state"] for each in answers} == {"degraded"}
        assert (await until(site, "ok")).status == 200
        assert own_redis.connections() <= connections + 1


async def test_a_redis_that_comes_late_is_seen_at_the_first_look(
    url: str, own_redis: RedisProcess
) -> None:
    """Whoever waits for the start of a replica asks every second or so."""
    own_redis.stop()
    async with inside(url, state=own_redis.url, secret=SECRET) as site:
        answers, seconds = await all_at_once(site)
        assert seconds < SOON
        assert {each.status for each in answers} == {503}
        assert answers[0].json == {"status": "starting", "state": "unavailable"}
        own_redis.start()
        ready = await site.get("/readyz")
        assert (ready.status, ready.json) == (200, {"status": "ready", "state": "ok"})


async def test_the_store_is_asked_once_at_a_time_and_at_most_once_a_second() -> None:
    """However many want to know."""
    asked, most = list[float](), 0
    under_way, away = 0, False

    async def reach() -> None:
        nonlocal under_way, most
        asked.append(time.monotonic())
        under_way += 1
        most = max(most, under_way)
        await anyio.sleep(0.05)
        under_way -= 1
        if away:
            raise SentError("gone", code="STATE_UNAVAILABLE")

    readiness = Readiness(reach)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(readiness.keep_looking)
        async with anyio.create_task_group() as askers:
            for _ in range(MANY):
                askers.start_soon(readiness.status)
        assert (most, len(asked)) == (1, 1)
        away = True
        assert (await readiness.status())[1] == {"status": "ready", "state": "ok"}
        assert len(asked) == 1
        await anyio.sleep(1 - time.monotonic() + asked[0] + 0.1)
        assert (await readiness.status())[1] == {"status": "ready", "state": "degraded"}
        assert len(asked) == 2
        assert asked[1] - asked[0] >= 1
        tasks.cancel_scope.cancel()

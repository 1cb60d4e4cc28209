"""What replicas do while the Redis they share is away, empty, full or slow."""

import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door
from tests.guard.hosts import MODERN, PLAIN, Host
from tests.http.replicas import before
from tests.state.redis import RedisProcess, running_redis

SEND = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
POSTED = ["POST /v3/messages"]


@dataclass
class Team:
    """A host before two replicas in turns, and the Redis behind them."""

    door: Door
    redis: RedisProcess

    async def asked(self) -> str:
        """The token for a send nobody has agreed to yet."""
        said = await self.door.done("send_message", **SEND)
        assert said["status"] == "confirmation_required"
        return said["confirmation_token"]

    async def sent(self, token: str) -> dict[str, Any]:
        """What the call with the token is answered with."""
        return await self.door.done("send_message", **SEND, confirmation_token=token)

    async def is_refused(self, why: str, **brought: str) -> None:
        """A guarded call is refused in words, nothing goes out, and reads go on."""
        said = await self.door.refused("send_message", **SEND, **brought)
        assert said.startswith("STATE_UNAVAILABLE: "), said
        assert why in said
        assert "Nothing was changed or sent." in said
        assert await self.door.changes() == []
        found = await self.door.done("find_contact_by_phone", phone_number=SEEDED)
        assert found["whatsapp"] == "yes"


@pytest.fixture
def own_redis() -> Generator[RedisProcess]:
    """A server that a test may stop and set up as it likes."""
    with running_redis() as server:
        yield server


@pytest.fixture
async def team(app: Starlette, own_redis: RedisProcess) -> AsyncGenerator[Team]:
    """Two replicas with a Redis of their own."""
    async with before(Host(PLAIN), app, own_redis.url, MODERN) as (door, _):
        yield Team(door, own_redis)


async def test_an_approval_that_was_wiped_is_too_old(team: Team) -> None:
    """Nothing is sent on a token nobody remembers; a new one works."""
    token = await team.asked()
    team.redis.tell("FLUSHALL")
    said = await team.sent(token)
    assert said["status"] == "expired"
    assert said["message"].startswith("Nothing was sent.")
    assert await team.door.changes() == []
    assert (await team.sent(said["confirmation_token"]))["status"] == "accepted"
    assert await team.door.changes() == POSTED


async def test_a_redis_that_was_restarted_costs_no_call(team: Team) -> None:
    """Its connections are gone, and what it did not keep."""
    token = await team.asked()
    team.redis.restart()
    assert (await team.sent(token))["status"] == "expired"
    assert (await team.sent(await team.asked()))["status"] == "accepted"


async def test_without_redis_nothing_is_sent_and_reads_go_on(team: Team) -> None:
    """Until it is back."""
    token = await team.asked()
    team.redis.stop()
    await team.is_refused("cannot be reached")
    await team.is_refused("cannot be reached", confirmation_token=token)
    team.redis.start()
    assert (await team.sent(await team.asked()))["status"] == "accepted"


async def test_a_redis_that_does_not_answer_is_not_waited_for(team: Team) -> None:
    """Seconds, not the time of the call; the budgets wait for it once at most."""
    token = await team.asked()
    began = time.monotonic()
    with team.redis.paused():
        await team.is_refused("did not answer in time", confirmation_token=token)
    assert time.monotonic() - began < 15
    assert await team.door.changes() == []


async def test_a_full_redis_is_named_as_such(team: Team) -> None:
    """And an approval that it cannot mark as used is not used."""
    token = await team.asked()
    team.redis.tell("CONFIG", "SET", "maxmemory", "1")
    await team.is_refused("is full", confirmation_token=token)
    team.redis.tell("CONFIG", "SET", "maxmemory", "0")
    assert (await team.sent(token))["status"] == "accepted"
    assert await team.door.changes() == POSTED


async def test_a_send_under_way_is_told_although_redis_went_away(team: Team) -> None:
    """It went out; that its outcome could not be written down changes nothing of that."""
    token = await team.asked()
    await team.door.faults(
        {"match": "POST /v3/messages", "times": 1, "kind": "delay", "seconds": 1}
    )
    said: dict[str, Any] = {}

    async def send() -> None:
        said.update(await team.sent(token))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send)
        while not any("send:" in name for name in team.redis.names()):
            await anyio.lowlevel.checkpoint()
        team.redis.kill()
    assert said["status"] == "accepted"
    assert await team.door.changes() == POSTED

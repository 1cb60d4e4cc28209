"""A replica that is killed under load: nothing is sent twice, and nothing that nobody agreed to."""

import signal
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tests.door import KEY
from tests.http.round_robin import RoundRobin, balanced
from tests.http.sites import Running, reaching, started
from tests.http.wire import Client, Site
from tests.state.redis import RedisProcess

CLIENTS, MESSAGES, BEFORE = 64, 2, 40
LOST = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError)
NAMES = [f"client-{number}" for number in range(CLIENTS)]
MOST_TRIES = 10
SETTINGS = {
    "SENT_MCP_SECRET": "the secret of both replicas, 32 bytes",
    "SENT_MCP_CONFIRM": "token",
    "SENT_MCP_HTTP_TOKENS": ",".join(f"{name}:a-long-token-of-{name}" for name in NAMES),
    "SENT_MCP_MESSAGES_PER_MINUTE": "10000",
    "SENT_MCP_MESSAGES_PER_DAY": "10000",
    "SENT_MCP_REQUESTS_PER_MINUTE": "100000",
}


@dataclass
class Tally:
    """What all clients saw."""

    failed: int = 0
    accepted: int = 0
    ends: Counter[str] = field(default_factory=Counter[str])
    enough: anyio.Event = field(default_factory=anyio.Event)


@dataclass
class Sender:
    """A host with a user who agrees to what it sends, and does not agree to the same twice."""

    client: Client
    number: str
    tally: Tally

    async def run(self, name: str) -> None:
        """Send everything, and ask for one more thing that nobody agrees to."""
        for place in range(MESSAGES):
            self.tally.ends[await self.send(f"{name} says {place}")] += 1
        await self.call(f"{name} has changed their mind", None)

    async def send(self, text: str) -> str:
        """Until it is known to have been sent; how that was known."""
        token = None
        for _ in range(MOST_TRIES):
            said = await self.call(text, token)
            if said is None:
                continue
            if said["status"] == "accepted":
                self.accepted()
                return "told again" if "already used" in said["message"] else "accepted"
            if "Got the same in the last 24 hours" in said.get("question", ""):
                return "found in the question"
            # An approval whose outcome nobody knows is of no more use; a new question tells more.
            token = said.get("confirmation_token")
        pytest.fail(f"nobody knows what became of {text!r}")

    def accepted(self) -> None:
        """Count it."""
        self.tally.accepted += 1
        if self.tally.accepted == BEFORE:
            self.tally.enough.set()

    async def call(self, text: str, token: str | None) -> dict[str, Any] | None:
        """What the tool said; None where the connection ended instead."""
        arguments = {"to": [self.number], "text": text, "channels": ["sms"]}
        brought = {} if token is None else {"confirmation_token": token}
        try:
            return await self.client.call("send_message", **arguments, **brought)
        except LOST:
            self.tally.failed += 1
            return None


@dataclass(frozen=True)
class Team:
    """Two replicas behind a balancer, and the API behind them."""

    replicas: tuple[Running, Running]
    balancer: RoundRobin
    site: Site
    api: httpx.AsyncClient

    def sender(self, place: int, tally: Tally) -> Sender:
        """One of the clients."""
        bearer = self.site.bearer(f"a-long-token-of-{NAMES[place]}")
        return Sender(bearer, f"+141555501{place % 50:02}", tally)

    async def sent(self) -> Counter[str]:
        """How often the API has sent what, by recipient and text."""
        found: Counter[str] = Counter()
        for page in range(1, 100):
            query = {"page": page, "page_size": 100}
            answer = await self.api.get("/v3/conversations", params=query)
            messages = answer.json()["data"]["messages"]
            found.update(f"{each['phone']} {each['message_body']['content']}" for each in messages)
            if len(messages) < 100:
                break
        return found


@pytest.fixture
async def team(url: str, redis: RedisProcess, tmp_path: Path) -> AsyncGenerator[Team]:
    """Behind them an API that takes a while for each message."""
    settings = {**reaching(url, redis.url), **SETTINGS}
    with started(tmp_path, **settings) as one, started(tmp_path, **settings) as two:
        async with (
            httpx.AsyncClient(base_url=url, headers={"x-api-key": KEY}) as api,
            balanced(one.port, two.port) as (balancer, port),
        ):
            slow = {"match": "POST /v3/messages", "times": 10_000, "kind": "delay", "seconds": 0.1}
            assert (await api.post("/__emulator/faults", json=[slow])).is_success
            yield Team((one, two), balancer, Site(port), api)


async def test_a_replica_killed_under_load_doubles_nothing(team: Team) -> None:
    """Each call that failed is counted; called again, each ends in a state that is known."""
    tally, before = Tally(), await team.sent()
    async with anyio.create_task_group() as tasks:
        for place, name in enumerate(NAMES):
            tasks.start_soon(team.sender(place, tally).run, name)
        await tally.enough.wait()
        team.replicas[0].signal(signal.SIGKILL)
    assert await team.replicas[0].ended() == -signal.SIGKILL
    lost = team.balancer.lost
    assert 0 < lost.silent <= tally.failed <= lost.cut <= CLIENTS
    agreed = {
        f"+141555501{place % 50:02} {name} says {each}"
        for place, name in enumerate(NAMES)
        for each in range(MESSAGES)
    }
    assert await team.sent() - before == dict.fromkeys(agreed, 1)
    assert tally.ends.total() == len(agreed)
    assert (await team.replicas[1].get("/readyz")).json == {"status": "ready", "state": "ok"}

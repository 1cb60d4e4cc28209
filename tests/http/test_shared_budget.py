"""Two replicas on one Redis have one budget: what reaches the API is never more."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from tests.door import SEEDED
from tests.http.sites import log_of, reaching, started
from tests.http.wire import Client
from tests.serving.wire import Message
from tests.state.redis import RedisProcess

BUDGET, CALLS = 60, 120
MINUTE = timedelta(minutes=1)
Step = Callable[[Client, int], Coroutine[None, None, str]]


@asynccontextmanager
async def replicas(
    url: str, redis: RedisProcess, home: Path, **settings: str
) -> AsyncGenerator[tuple[Client, Client]]:
    """A client before each; no call waits for a minute to pass."""
    given = {
        **reaching(url, redis.url),
        "SENT_MCP_SECRET": "the secret of both replicas, 32 bytes",
        "SENT_MCP_CALL_TIMEOUT": "20",
        **settings,
    }
    with started(home, **given) as one, started(home, **given) as two:
        yield one.client(), two.client()


async def all_at_once(clients: tuple[Client, Client], step: Step) -> Counter[str]:
    """What came of all the calls, made by both in turns."""
    seen: Counter[str] = Counter()

    async def call(number: int) -> None:
        seen[await step(clients[number % 2], number)] += 1

    async with anyio.create_task_group() as tasks:
        for number in range(CALLS):
            tasks.start_soon(call, number)
    return seen


async def rehearsed(client: Client, number: int) -> str:
    """A send in dry-run mode: its status, or why it is refused."""
    sent = {"to": [SEEDED], "text": f"Hello {number}", "channels": ["sms"]}
    return outcome(
        (await client.ask("tools/call", {"name": "send_message", "arguments": sent})).result
    )


async def listed(client: Client, number: int) -> str:
    """A read: that it was answered, or why it is refused."""
    return outcome((await client.ask("tools/call", {"name": "list_contacts"})).result)


def outcome(result: Message) -> str:
    """The status of a result, or the code and the first sentence of an error."""
    if result.get("isError"):
        return str(result["content"][0]["text"]).partition(";")[0]
    return str(result["structuredContent"].get("status", "answered"))


def most_in_a_minute(log: list[Message]) -> int:
    """The most requests that any minute has seen."""
    times = sorted(datetime.fromisoformat(each["at"]) for each in log)
    return max(sum(start <= each < start + MINUTE for each in times) for start in times)


async def test_messages_of_two_replicas_keep_to_one_budget(
    url: str, redis: RedisProcess, tmp_path: Path
) -> None:
    """Also those of a dry run, where everything is one: of 120 sends 60 go out, never more."""
    async with replicas(url, redis, tmp_path, SENT_MCP_DRY_RUN="true") as clients:
        seen = await all_at_once(clients, rehearsed)
    sends = [each for each in await log_of(url) if each["method"] == "POST"]
    assert {each["status"] for each in sends} == {202}
    # On a busy machine a call may run out of time, before it is counted or after.
    assert BUDGET // 2 <= most_in_a_minute(sends) == len(sends) <= BUDGET
    refused = "BUDGET_EXHAUSTED: this server's budget of 60 messages per minute is used up"
    assert seen["dry_run"] <= len(sends)
    assert seen[refused] >= (CALLS - BUDGET) // 2


async def test_requests_of_two_replicas_keep_to_one_budget(
    url: str, redis: RedisProcess, tmp_path: Path
) -> None:
    """Reads as well."""
    most = {"SENT_MCP_REQUESTS_PER_MINUTE": str(BUDGET)}
    async with replicas(url, redis, tmp_path, **most) as clients:
        seen = await all_at_once(clients, listed)
    log = await log_of(url)
    assert BUDGET // 2 <= most_in_a_minute(log) == len(log) <= BUDGET
    refused = "BUDGET_EXHAUSTED: this server's budget of 60 requests per minute is used up"
    assert seen["answered"] <= len(log)
    assert seen[refused] >= (CALLS - BUDGET) // 2

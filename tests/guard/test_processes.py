"""Two server processes on one state file: a token that both get at once acts once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from tests.door import CHANGES, KEY, SEEDED, served
from tests.serving.wire import SERVE, Wire, started

HELLO: dict[str, Any] = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
SENDS, DELETIONS = 50, 5
PLENTY = {
    "SENT_MCP_MESSAGES_PER_MINUTE": "10000",
    "SENT_MCP_MESSAGES_PER_DAY": "10000",
    "SENT_MCP_REQUESTS_PER_MINUTE": "100000",
}


@dataclass(frozen=True)
class Pair:
    """Both servers, and the log of the emulator behind them."""

    one: Wire
    two: Wire
    http: httpx.AsyncClient

    async def both(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """The same call made by both at once; whoever acted comes first."""
        answers: list[dict[str, Any]] = []

        async def call(wire: Wire) -> None:
            answers.append(await said(wire, tool, **arguments))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, self.one)
            tasks.start_soon(call, self.two)
        return sorted(answers, key=lambda answer: "already used" in answer["message"])

    async def effects(self, method: str) -> int:
        """How many requests of this kind Sent has carried out."""
        log = (await self.http.get("/__emulator/requests")).json()
        assert all(r["status"] < 300 for r in log if r["method"] in CHANGES), log
        return sum(r["method"] == method for r in log)


async def said(wire: Wire, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a call that must not fail."""
    answer = await wire.call(tool, **arguments)
    assert not answer.get("isError"), answer
    return answer["structuredContent"]


@asynccontextmanager
async def server(url: str, home: Path) -> AsyncGenerator[Wire]:
    """One of them, without a budget that would slow it."""
    variables = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, **PLENTY}
    state = str(home / "state.sqlite")
    async with started(home, SERVE, SENT_MCP_STATE=state, **variables) as wire:
        await wire.open("2025-11-25")
        yield wire
        assert await wire.end() == 0
    assert "WARNING" not in wire.stderr


@pytest.fixture
async def pair(app: Starlette, tmp_path: Path) -> AsyncGenerator[Pair]:
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url) as http,
        server(url, tmp_path) as one,
        server(url, tmp_path) as two,
    ):
        yield Pair(one, two, http)


async def test_a_token_that_two_processes_get_at_once_sends_once(pair: Pair) -> None:
    """The other is told which messages went out, and how to follow them."""
    for sent in range(SENDS):
        asking = pair.two if sent % 2 else pair.one
        token = (await said(asking, "send_message", **HELLO))["confirmation_token"]
        done, told = await pair.both("send_message", **HELLO, confirmation_token=token)
        assert [done["status"], told["status"]] == ["accepted", "accepted"]
        (message,) = done["messages"]
        assert told["next"] == done["next"]
        assert told["next"] == f'get_message(message_ids=["{message["message_id"]}"])'
        assert told["message"].endswith("Nothing was done again.")
        assert "messages" not in told
        assert await pair.effects("POST") == sent + 1


async def test_a_token_that_two_processes_get_at_once_deletes_once(pair: Pair) -> None:
    """The contact is gone for both, and neither reports a failure."""
    for deleted in range(DELETIONS):
        made = await said(pair.one, "create_contact", phone_number="+14155550199")
        given = {"contact_id": made["contact"]["id"]}
        token = (await said(pair.two, "delete_contact", **given))["confirmation_token"]
        done, told = await pair.both("delete_contact", **given, confirmation_token=token)
        assert [done["status"], told["status"]] == ["deleted", "deleted"]
        assert "already used" in told["message"]
        assert await pair.effects("DELETE") == deleted + 1

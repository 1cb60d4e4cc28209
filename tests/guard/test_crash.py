"""A server that dies around a send: the same send again carries the same key, so one goes out."""

import signal
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from tests.door import KEY, SEEDED, served
from tests.serving.wire import SERVE, Wire, started

Arguments = dict[str, Any]
HELLO: Arguments = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
DIES_BEFORE = """
import os, signal
from {module} import {owner}
from sent_mcp.__main__ import main

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

{owner}.{function} = die
main()
"""
JOURNAL = DIES_BEFORE.format(module="sent_mcp.guard.journal", owner="Journal", function="sending")
REQUEST = DIES_BEFORE.format(module="sent_mcp.client.messages", owner="Messages", function="send")


@dataclass(frozen=True)
class Scene:
    """The emulator on a socket, and a folder where each server finds the same state file."""

    url: str
    http: httpx.AsyncClient
    home: Path

    @asynccontextmanager
    async def server(
        self, arguments: tuple[str, ...] = SERVE, seconds: str = "20"
    ) -> AsyncGenerator[Wire]:
        """A server in its own process; whoever leaves without ending it kills it (SIGKILL)."""
        variables = {
            "SENT_API_KEY": KEY,
            "SENT_BASE_URL": self.url,
            "SENT_MCP_STATE": str(self.home / "state.sqlite"),
            "SENT_MCP_CALL_TIMEOUT": seconds,
        }
        async with started(self.home, arguments, **variables) as wire:
            await wire.open("2025-11-25")
            yield wire

    async def keys(self) -> list[str]:
        """The idempotency key of every request to send so far."""
        log = (await self.http.get("/__emulator/requests")).json()
        return [r["idempotency_key"] for r in log if r["method"] == "POST"]

    async def fault(self, **fault: object) -> None:
        """How the next requests to send go wrong."""
        faults = [{"match": "POST /v3/messages", **fault}] if fault else []
        answer = await self.http.post("/__emulator/faults", json=faults)
        assert answer.is_success, answer.text

    def noted(self) -> list[str]:
        """The idempotency keys in the state file."""
        with closing(sqlite3.connect(self.home / "state.sqlite")) as db:
            return [key for (key,) in db.execute("SELECT idempotency_key FROM sends")]

    async def posted(self) -> None:
        """Wait until a request to send has arrived."""
        while not await self.keys():
            pass


@pytest.fixture
async def scene(app: Starlette, tmp_path: Path) -> AsyncGenerator[Scene]:
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        yield Scene(url, http, tmp_path)


async def said(wire: Wire, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a call that must not fail."""
    answer = await wire.call(tool, **arguments)
    assert not answer.get("isError"), answer
    return answer["structuredContent"]


async def asked(wire: Wire, to: str = SEEDED) -> Arguments:
    """Asks for the send; the arguments that approve it."""
    send = {**HELLO, "to": [to]}
    first = await said(wire, "send_message", **send)
    assert first["status"] == "confirmation_required"
    return {**send, "confirmation_token": first["confirmation_token"]}


async def sent(wire: Wire) -> dict[str, Any]:
    """Asks for the send and approves it."""
    return await said(wire, "send_message", **await asked(wire))


async def messages(wire: Wire) -> int:
    """How many messages the recipient has got."""
    found = await said(wire, "find_contact_by_phone", phone_number=SEEDED)
    contact_id = found["contact"]["id"]
    read = await said(wire, "get_contact", contact_id=contact_id, include_summary=True)
    return read["summary"]["message_count"]


async def killed_at_the_request(scene: Scene, to: str = SEEDED) -> Arguments:
    """A server that was killed while Sent worked on its request; what had approved that."""
    await scene.fault(kind="delay", seconds=2)
    async with scene.server() as wire:
        approved = await asked(wire, to)
        await wire.request("tools/call", {"name": "send_message", "arguments": approved})
        await scene.posted()
    return approved


async def killed_before(scene: Scene, crashing: str, to: str = SEEDED) -> Arguments:
    """A server that was killed once the approval was taken; what had approved it."""
    async with scene.server(("-c", crashing)) as wire:
        approved = await asked(wire, to)
        call = await wire.request("tools/call", {"name": "send_message", "arguments": approved})
        with pytest.raises(anyio.IncompleteRead):
            await wire.answer(call)
        assert await wire.end() == -signal.SIGKILL
    return approved


async def test_a_send_whose_answers_were_lost_is_repeated_and_the_next_is_a_new_one(
    scene: Scene,
) -> None:
    """One message under one key however often it was tried; after that another, another key."""
    async with scene.server(seconds="2") as wire:
        before = await messages(wire)
        await scene.fault(kind="drop_after", times=9)
        assert (await sent(wire))["status"] == "outcome_unknown"
        await scene.fault()
        again = await sent(wire)
        assert (again["status"], again["replayed"]) == ("accepted", True)
        assert await messages(wire) == before + 1
        (first,) = set(await scene.keys())
        another = await sent(wire)
        assert (another["status"], another["replayed"]) == ("accepted", False)
        assert await messages(wire) == before + 2
        assert {*await scene.keys()} - {first} == {(await scene.keys())[-1]}


async def test_a_lost_send_is_repeated_by_another_process_too(scene: Scene) -> None:
    """The first was killed; its token tells what was known."""
    async with scene.server(seconds="2") as wire:
        before = await messages(wire)
        approved = await asked(wire)
        await scene.fault(kind="drop_after", times=9)
        assert (await said(wire, "send_message", **approved))["status"] == "outcome_unknown"
    await scene.fault()
    tried = len(await scene.keys())
    async with scene.server() as wire:
        used = await said(wire, "send_message", **approved)
        assert used["status"] == "outcome_unknown"
        assert len(await scene.keys()) == tried
        again = await sent(wire)
        assert (again["status"], again["replayed"]) == ("accepted", True)
        assert await messages(wire) == before + 1
    assert len(await scene.keys()) == tried + 1
    assert len(set(await scene.keys())) == 1


async def test_a_token_outlives_the_server_that_gave_it(scene: Scene) -> None:
    """Killed between the two calls."""
    async with scene.server() as wire:
        before = await messages(wire)
        approved = await asked(wire)
    async with scene.server() as wire:
        done = await said(wire, "send_message", **approved)
        assert (done["status"], done["replayed"]) == ("accepted", False)
        used = await said(wire, "send_message", **approved)
        assert used["status"] == "accepted"
        assert "already used" in used["message"]
        assert await messages(wire) == before + 1
    assert len(await scene.keys()) == 1


async def test_a_server_killed_while_sent_works_on_it_leaves_one_message(scene: Scene) -> None:
    """The same send again has the same key, and waits for the first."""
    async with scene.server() as wire:
        before = await messages(wire)
        await killed_at_the_request(scene)
        again = await sent(wire)
        assert (again["status"], again["replayed"]) == ("accepted", True)
        assert await messages(wire) == before + 1
    assert len(await scene.keys()) == 2
    assert len(set(await scene.keys())) == 1


@pytest.mark.parametrize(("crashing", "noted"), [(JOURNAL, False), (REQUEST, True)])
async def test_a_server_killed_before_its_request_has_sent_nothing(
    scene: Scene, crashing: str, noted: bool
) -> None:
    """From the moment a send is written down, its key is kept for the next one."""
    async with scene.server() as wire:
        before = await messages(wire)
        await killed_before(scene, crashing)
        kept = scene.noted()
        assert len(kept) == noted
        assert await scene.keys() == []
        first = await said(wire, "send_message", **HELLO)
        assert ("This very send was tried at " in first["question"]) is noted
        done = await sent(wire)
        assert (done["status"], done["replayed"]) == ("accepted", False)
        assert await messages(wire) == before + 1
        (key,) = await scene.keys()
        assert scene.noted() == [key]
        assert kept in ([], [key])


async def test_the_used_token_of_a_killed_server_only_tells_that_nobody_knows(
    scene: Scene,
) -> None:
    """Wherever it was killed; for some seconds another process may still be acting on it."""
    killed = [
        await killed_at_the_request(scene),
        await killed_before(scene, JOURNAL, "+14155550103"),
        await killed_before(scene, REQUEST, "+14155550104"),
    ]
    keys = await scene.keys()
    assert len(keys) == 1

    async def use(approved: Arguments) -> None:
        async with scene.server() as wire:
            with anyio.fail_after(15):
                used = await said(wire, "send_message", **approved)
            assert used["status"] == "outcome_unknown"
            assert "Nothing was done again." in used["message"]

    async with anyio.create_task_group() as tasks:
        for approved in killed:
            tasks.start_soon(use, approved)
    assert await scene.keys() == keys

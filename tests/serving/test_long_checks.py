"""A check of many numbers through real pipes and sockets: told of while it runs, and stopped."""

from pathlib import Path

import anyio
import httpx
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from sent_mcp.reach.check import AT_ONCE
from tests.door import KEY, served
from tests.serving.wire import MODERN, SERVE, Message, started

LEGACY = "2025-11-25"
both_eras = pytest.mark.parametrize("version", [LEGACY, MODERN])
STRANGERS = [f"+44791112{n:04}" for n in range(1_000)]


class Gate:
    """How many requests wait, and whether all who waited have hung up."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = False
        self.busy = anyio.Event()
        self.left = anyio.Event()


class Waiting:
    """Answers the first page, and no other request until the gate is open."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self._gate
        first = b"page=1&" in scope.get("query_string", b"") + b"&"
        if scope.get("path") != "/v3/contacts" or first or gate.open:
            await self._app(scope, receive, send)
            return
        gate.waiting += 1
        if gate.waiting == AT_ONCE:
            gate.busy.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        gate.waiting -= 1
        if not gate.waiting:
            gate.left.set()


def variables(url: str) -> dict[str, str]:
    """The settings of a server that reaches a served emulator."""
    return {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": "memory:"}


async def log_of(url: str) -> list[Message]:
    """The requests the emulator got."""
    async with httpx.AsyncClient(base_url=url) as http:
        return (await http.get("/__emulator/requests")).json()


@both_eras
async def test_progress_by_numbers_decided_is_told_while_it_runs(
    tmp_path: Path, version: str
) -> None:
    """Each notification more than the one before, of one total."""
    oldest = [f"+1{area}{2_000_000 + n}" for n in range(20) for area in ("212", "312", "415")]
    async with served(create_app(contacts=450, latency_ms=5)) as url:
        async with started(tmp_path, SERVE, **variables(url)) as wire:
            await wire.open(version)
            meta: Message = {"progressToken": "p1"}
            numbers = ["+14155550100", *oldest, *STRANGERS[:100]]
            done = await wire.call("check_phone_numbers", meta, phone_numbers=numbers)
            assert await wire.end() == 0
        log = await log_of(url)
    told = [each["params"] for each in wire.notifications]
    steps = [each["progress"] for each in told]
    assert {each["method"] for each in wire.notifications} == {"notifications/progress"}
    assert {(each["progressToken"], each["total"]) for each in told} == {("p1", len(numbers))}
    assert len(steps) >= 2
    assert steps == sorted(set(steps))
    assert steps[-1] == len(numbers)
    assert done["structuredContent"]["counts"]["not_contacts"] == 100
    assert done["structuredContent"]["requests_used"] == len(log) == 5


@both_eras
async def test_a_check_that_is_cancelled_leaves_no_request_running(
    tmp_path: Path, version: str
) -> None:
    """All hang up at once, none comes after, and the next call is answered."""
    app, gate = create_app(contacts=4_000), Gate()
    # Behind the emulator's own log, which shows null for what was never answered.
    app.user_middleware.append(Middleware(Waiting, gate=gate))
    async with served(app) as url, started(tmp_path, SERVE, **variables(url)) as wire:
        await wire.open(version)
        params: Message = {
            "name": "check_phone_numbers",
            "arguments": {"phone_numbers": STRANGERS},
        }
        number = await wire.request("tools/call", params)
        await gate.busy.wait()
        await wire.tell("notifications/cancelled", {"requestId": number})
        await gate.left.wait()
        gate.open = True
        asked = await log_of(url)
        assert [each["status"] for each in asked] == [200] + [None] * (len(asked) - 1)
        assert len(asked) == 1 + AT_ONCE
        found = await wire.call("find_contact_by_phone", phone_number="+14155550102")
        assert found["structuredContent"]["found"] is True
        assert len(await log_of(url)) == len(asked) + 1
        assert await wire.end() == 0
    assert "Traceback" not in wire.stderr

"""A client that closes its connection: what is cancelled by that, and what is finished."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from starlette.middleware import Middleware

from sent_mcp.emulator import create_app
from sent_mcp.reach.check import AT_ONCE
from tests.door import SEEDED, served
from tests.http.sites import Running, changes_of, log_of, reaching, started
from tests.http.wire import ERAS, LEGACY, MODERN, message
from tests.serving.held import CHANGE, HELLO, READ, Gate, behind
from tests.serving.test_long_checks import STRANGERS, Waiting
from tests.serving.test_long_checks import Gate as Gates
from tests.serving.wire import Message

_SOON = 10
CHECK: Message = {"name": "check_phone_numbers", "arguments": {"phone_numbers": STRANGERS}}
both_eras = pytest.mark.parametrize("era", ERAS)


@asynccontextmanager
async def checking(home: Path) -> AsyncGenerator[tuple[Running, str, Gates]]:
    """A server that is answered the first page of a list, and no other until the gate is open."""
    app, gate = create_app(contacts=4_000), Gates()
    app.user_middleware.append(Middleware(Waiting, gate=gate))
    async with served(app) as url:
        with started(home, **reaching(url)) as site:
            yield site, url, gate
        assert "Traceback" not in site.stderr


async def test_on_2026_07_28_a_closed_connection_cancels(home: Path) -> None:
    """All requests behind it are given up, and none comes after."""
    async with checking(home) as (site, url, gate):
        client = site.client(MODERN)
        with anyio.fail_after(_SOON):
            async with site.connected() as connection:
                said = message("tools/call", CHECK, era=MODERN)
                await connection.say(client.bytes_of(said))
                await gate.busy.wait()
            await gate.left.wait()
        gate.open = True
        asked = await log_of(url)
        assert len(asked) == 1 + AT_ONCE
        assert (await client.call("find_contact_by_phone", phone_number=SEEDED))["found"]
        assert len(await log_of(url)) == len(asked) + 1


async def test_so_does_a_stream_that_is_closed_after_it_has_begun(home: Path) -> None:
    """As hosts do it when their user presses stop."""
    params = {"name": "list_contacts", "arguments": {"reach": "unknown", "page_size": 100}}
    said = message("tools/call", {**params, "_meta": {"progressToken": "p"}}, era=MODERN)
    async with served(create_app(contacts=2_000, latency_ms=200)) as url:
        with started(home, **reaching(url)) as site:
            async with site.connected() as connection:
                await connection.say(site.client(MODERN).bytes_of(said))
                assert (await connection.head())[1]["content-type"] == "text/event-stream"
                assert b"notifications/progress" in await connection.chunk()
            await anyio.sleep(0.3)
            asked = len(await log_of(url))
            await anyio.sleep(0.6)
            assert len(await log_of(url)) == asked <= 4
        assert "Traceback" not in site.stderr


async def test_before_it_a_disconnect_is_no_cancellation(home: Path) -> None:
    """The handshake's versions say so: a network is lost more often than an interest."""
    gate = Gate(READ)
    async with behind(gate) as variables:
        with started(home, **variables) as site, anyio.fail_after(_SOON):
            async with site.connected() as connection:
                await connection.say(site.client(LEGACY).call_bytes("list_contacts"))
                await gate.arrived.wait()
            assert (await site.client().ask("tools/list")).result
            assert not gate.left.is_set()
            gate.open.set()
            await gate.done.wait()
        assert "Traceback" not in site.stderr


@both_eras
async def test_what_was_approved_is_finished_although_nobody_reads_its_answer(
    home: Path, era: str
) -> None:
    """And its outcome is known to whoever asks again."""
    gate = Gate("")
    async with behind(gate) as variables:
        with started(home, **variables) as site, anyio.fail_after(_SOON):
            client = site.client(era)
            token = (await client.call("send_message", **HELLO))["confirmation_token"]
            gate.close(CHANGE)
            given = {**HELLO, "confirmation_token": token}
            async with site.connected() as connection:
                await connection.say(client.call_bytes("send_message", **given))
                await gate.arrived.wait()
            assert (await client.ask("tools/list")).result
            gate.open.set()
            await gate.done.wait()
            again = await client.call("send_message", **given)
            assert again["status"] == "accepted"
            assert await changes_of(variables["SENT_BASE_URL"]) == [CHANGE]
        assert "Traceback" not in site.stderr


async def test_one_that_hangs_up_cancels_nobody_elses(home: Path) -> None:
    """Not even a request with the same id."""
    gate = Gate("")
    async with behind(gate) as variables:
        with started(home, **variables) as site, anyio.fail_after(_SOON):
            client = site.client(MODERN)
            assert (await client.call("list_contacts"))["contacts"]
            gate.close(READ)
            async with site.connected() as stays:
                await stays.say(client.call_bytes("list_contacts"))
                await gate.arrived.wait()
                async with site.connected() as leaves:
                    await leaves.say(client.call_bytes("list_contacts"))
                    await anyio.sleep(0.1)
                await gate.left.wait()
                gate.open.set()
                assert (await stays.answer()).result["structuredContent"]["contacts"]


@both_eras
async def test_many_that_hang_up_leave_nothing_behind(site: Running, era: str) -> None:
    """Before, in and after what they ask."""
    client = site.client(era)
    raw = client.call_bytes("list_contacts")
    for cut in (1, 20, len(raw) // 2, len(raw) - 1, len(raw)) * 4:
        async with site.connected() as connection:
            await connection.say(raw[:cut])
    assert (await client.call("list_contacts"))["contacts"]
    assert site.stderr.count("\n") == 2

"""How it ends: calls under way are answered, new ones are told to come again, and it is gone."""

import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM

import anyio
import anyio.abc
import httpx
import pytest

from sent_mcp.serving.http import listening
from tests.http.ending import AT_ONCE, both_eras, refused, under_way, until_stopping
from tests.http.sites import ANNA, TOKENS, Running, changes_of, inside, reaching, started
from tests.http.wire import ERAS, Connection, Site, request
from tests.serving.held import CHANGE, HELLO, READ, Gate, behind


@asynccontextmanager
async def held(home: Path, era: str = ERAS[0]) -> AsyncGenerator[tuple[Running, Gate, Connection]]:
    """A server with a call under way, which waits for the test to open the gate."""
    gate = Gate(READ)
    async with behind(gate) as variables:
        with started(home, **variables) as site:
            async with under_way(site, gate, era) as connection:
                yield site, gate, connection
            assert await site.ended(AT_ONCE)
        assert "Traceback" not in site.stderr


@both_eras
async def test_a_call_under_way_is_answered_and_no_new_one_begun(home: Path, era: str) -> None:
    """Meanwhile whoever sends requests here is told to send them elsewhere."""
    async with held(home, era) as (site, gate, connection):
        site.signal(SIGTERM)
        await until_stopping(site)
        for each in ERAS:
            late = await site.client(each).ask("tools/list")
            assert late.status == 503
            assert late.fields["retry-after"] == "1"
            assert late.fields["connection"] == "close"
            assert "nothing was done" in late.error["message"]
        assert (await site.get("/healthz")).status == 200
        gate.open.set()
        answer = await connection.answer()
        assert answer.result["structuredContent"]["contacts"]
        assert await site.ended(AT_ONCE) == 143


async def test_what_was_approved_is_done_before_the_end(home: Path) -> None:
    """And its answer read."""
    gate = Gate("")
    async with behind(gate) as variables:
        with started(home, **variables) as site:
            client = site.client()
            token = (await client.call("send_message", **HELLO))["confirmation_token"]
            gate.close(CHANGE)
            async with site.connected() as connection:
                given = {**HELLO, "confirmation_token": token}
                await connection.say(client.call_bytes("send_message", **given))
                await gate.arrived.wait()
                site.signal(SIGTERM)
                await until_stopping(site)
                gate.open.set()
                sent = (await connection.answer()).result["structuredContent"]
                assert sent["status"] == "accepted"
            assert await site.ended(AT_ONCE) == 143
            assert await changes_of(variables["SENT_BASE_URL"]) == [CHANGE]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(SIGTERM, SIGTERM, 143), (SIGINT, SIGINT, 130), (SIGTERM, SIGINT, 130)],
)
async def test_a_second_signal_ends_it_at_once(
    home: Path, first: signal.Signals, second: signal.Signals, code: int
) -> None:
    """Whatever is under way."""
    async with held(home) as (site, _, _):
        site.signal(first)
        await until_stopping(site)
        site.signal(second)
        assert await site.ended(AT_ONCE) == code


@pytest.mark.parametrize(("number", "code"), [(SIGTERM, 143), (SIGINT, 130)])
@pytest.mark.parametrize("connected", [False, True])
async def test_idle_it_ends_at_once(
    home: Path, url: str, number: signal.Signals, code: int, connected: bool
) -> None:
    """Also with clients that are connected: idle ones, and one in the middle of a head."""
    with started(home, **reaching(url)) as site:
        client = site.client()
        assert (await client.ask("tools/list")).result
        async with anyio.create_task_group() as tasks:
            if connected:
                for said in (
                    b"",
                    b"POST /mcp HTTP/1.1\r\nHost",
                    client.call_bytes("list_contacts"),
                ):
                    await tasks.start(stay, site, said)
            site.signal(number)
            assert await site.ended(AT_ONCE) == code
            tasks.cancel_scope.cancel()
    assert site.stderr.count("\n") == 2


async def stay(site: Site, said: bytes, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    """Keep a connection on which this was said."""
    async with site.connected() as connection:
        await connection.say(said)
        if said.endswith(b"}"):
            assert (await connection.answer()).status == 200
        task_status.started()
        await anyio.sleep_forever()


async def test_a_body_that_does_not_come_delays_the_end_no_longer_than_a_slow_one(
    home: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is let in, and may be a call."""
    monkeypatch.setattr("sent_mcp.serving.http.incoming.BODY_SECONDS", 0.5)
    async with inside(url) as site, site.connected() as connection:
        await connection.say(request(None, {"Content-Length": "5"}))
        await anyio.sleep(0.1)
        site.serving.stop()
        assert (await connection.answer()).status == 408
        await refused(site, AT_ONCE)


async def test_who_guesses_tokens_does_not_delay_the_end(home: Path, url: str) -> None:
    """The refusals that wait are not waited for as calls are."""
    with started(home, **reaching(url), **TOKENS) as site:
        async with anyio.create_task_group() as tasks:
            for _ in range(40):
                tasks.start_soon(guess, site)
            await anyio.sleep(0.5)
            assert (await site.bearer(ANNA).ask("tools/list")).result
            site.signal(SIGTERM)
            assert await site.ended(listening.LAST_SECONDS + AT_ONCE) == 143
            tasks.cancel_scope.cancel()


async def guess(site: Site) -> None:
    """Try wrong tokens for ever."""
    while True:
        try:
            await site.bearer("wrong").ask("tools/list")
        except (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.IncompleteRead):
            await anyio.sleep(0.05)


@both_eras
async def test_a_call_that_does_not_end_is_cut_off_after_a_while(
    monkeypatch: pytest.MonkeyPatch, era: str
) -> None:
    """After a minute, and here sooner: whoever started the server would kill it. It is told."""
    monkeypatch.setattr(listening, "FINISH_SECONDS", 0.5)
    monkeypatch.setattr(listening, "LAST_SECONDS", 0.5)
    gate = Gate(READ)
    async with (
        behind(gate) as variables,
        inside(variables["SENT_BASE_URL"]) as site,
        under_way(site, gate, era) as connection,
    ):
        began = anyio.current_time()
        site.serving.stop()
        answer = await connection.answer()
        assert 0.4 < anyio.current_time() - began < 10
        assert answer.refused == (200, -32603)
        assert "stopped before" in answer.error["message"]


def test_its_minute_is_longer_than_any_call() -> None:
    """Which is 55 s."""
    assert 55 < listening.FINISH_SECONDS <= 60


@both_eras
async def test_connections_are_told_when_it_ends(home: Path, era: str) -> None:
    """The answer says that no other will come on it."""
    async with held(home, era) as (site, gate, connection), site.connected() as idle:
        await idle.say(request(b"", method="GET", path="/healthz"))
        assert (await idle.answer()).status == 200
        site.signal(SIGTERM)
        await until_stopping(site)
        gate.open.set()
        assert (await connection.answer()).status == 200
        assert await connection.ended()
        assert await idle.ended()


async def test_a_signal_before_it_has_loaded_ends_it_in_silence(home: Path, url: str) -> None:
    """There is nothing to finish."""
    with started(home, **reaching(url)) as site:
        # Its address is told before it answers.
        site.signal(SIGTERM)
        assert await site.ended(AT_ONCE) == 143
    assert "Traceback" not in site.stderr


async def test_it_is_not_ready_before_its_state_was_reached_once(home: Path, url: str) -> None:
    """Afterwards it stays so: reads go on without it."""
    folder = home / "state"
    folder.write_text("in the way")
    with started(home, **reaching(url, folder / "state.sqlite")) as site:
        first = await site.get("/readyz")
        assert (first.status, first.json) == (503, {"status": "starting", "state": "unavailable"})
        assert (await site.get("/healthz")).status == 200
        assert (await site.client().call("list_contacts"))["contacts"]
        folder.unlink()
        ready = await site.get("/readyz")
        assert (ready.status, ready.json) == (200, {"status": "ready", "state": "ok"})
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://127.0.0.1:{site.port}/readyz")

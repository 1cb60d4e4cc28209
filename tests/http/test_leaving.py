"""After a signal: soon nobody listens any more, and what is under way is answered all the same."""

from pathlib import Path
from signal import SIGTERM

import anyio
import pytest

from sent_mcp.serving.http import listening
from tests.http.ending import AT_ONCE, both_eras, refused, under_way
from tests.http.sites import inside, started
from tests.http.test_workers import TWO, both
from tests.serving.held import READ, Gate, behind

LITTLE = 0.3
"""Instead of 3 s."""


def test_balancers_have_time_to_hear_of_it() -> None:
    """They ask every second or so."""
    assert listening.LEAVE_SECONDS == 3


@both_eras
async def test_it_stops_listening_while_a_call_is_under_way(
    monkeypatch: pytest.MonkeyPatch, era: str
) -> None:
    """Not before those who ask for readiness had the time to; the call is answered."""
    monkeypatch.setattr(listening, "LEAVE_SECONDS", LITTLE)
    gate = Gate(READ)
    async with (
        behind(gate) as variables,
        inside(variables["SENT_BASE_URL"]) as site,
        under_way(site, gate, era) as connection,
    ):
        began = anyio.current_time()
        site.serving.stop()
        assert (await site.get("/readyz")).status == 503
        await refused(site, LITTLE + AT_ONCE)
        assert anyio.current_time() - began > LITTLE / 2
        assert not gate.open.is_set()
        gate.open.set()
        assert (await connection.answer()).result["structuredContent"]["contacts"]


async def test_neither_do_workers_nor_who_started_them(home: Path) -> None:
    """The socket is one, and the first process has it too."""
    gate = Gate("")
    async with behind(gate) as variables:
        given = {**variables, "SENT_MCP_STATE": str(home / "state.sqlite")}
        with started(home, *TWO, **given) as site:
            await both(site)
            gate.close(READ)
            async with under_way(site, gate) as connection:
                site.signal(SIGTERM)
                await refused(site, listening.LEAVE_SECONDS + AT_ONCE)
                assert site.process.poll() is None
                gate.open.set()
                assert (await connection.answer()).result["structuredContent"]["contacts"]
            assert await site.ended(AT_ONCE) == 143
        assert "Traceback" not in site.stderr

"""What the tests of the end of a server have in common: a call under way, and how soon is soon."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.to_thread import run_sync

from tests.http.wire import ERAS, Connection, Site
from tests.serving.held import Gate

AT_ONCE = 3.0
"""Seconds, on a busy machine; what is not at once takes 5 or more."""
both_eras = pytest.mark.parametrize("era", ERAS)


@asynccontextmanager
async def under_way(site: Site, gate: Gate, era: str = ERAS[0]) -> AsyncGenerator[Connection]:
    """A connection on which a call was made that has come as far as the gate."""
    async with site.connected() as connection:
        await connection.say(site.client(era).call_bytes("list_contacts"))
        with anyio.fail_after(20):
            await gate.arrived.wait()
        yield connection


async def until_stopping(site: Site) -> None:
    """Wait until it says that it is stopping."""
    with anyio.fail_after(AT_ONCE):
        while (answer := await site.get("/readyz")).status != 503:
            await run_sync(lambda: None)
    assert answer.json["status"] == "stopping"


async def refused(site: Site, within: float) -> None:
    """Wait until a connection is refused: nobody listens, in no process."""
    with anyio.fail_after(within):
        while True:
            try:
                async with site.connected():
                    await anyio.sleep(0.02)
            except OSError:
                return

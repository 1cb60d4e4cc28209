"""Stores for the tests of what all of them do, and servers for the tests of Redis."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from sent_mcp.state.redis_server import RedisServer
from sent_mcp.state.redis_state import RedisState
from tests.state.places import SECRET, Clock, Open, Place, Store, in_file, on_server
from tests.state.redis import RedisProcess, running_redis


@pytest.fixture
def own_redis() -> Generator[RedisProcess]:
    """A server that a test may stop and set up as it likes."""
    with running_redis() as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Place]:
    """Where stores are kept, in each way there is."""
    if request.param == "sqlite":
        place = in_file(tmp_path / "deep" / "below" / "state.sqlite")
    else:
        place = on_server(request.getfixturevalue("redis"))
    yield place
    await place.close()


@pytest.fixture
def clock(place: Place) -> Clock:
    """The clock of all stores in the place."""
    return place.clock


@pytest.fixture
def state(place: Place) -> Store:
    """One store."""
    return place.open()


@pytest.fixture
async def open_at() -> AsyncGenerator[Open]:
    """Opens stores by their URLs."""
    opened: list[RedisState] = []

    def open_at(url: str) -> RedisState:
        opened.append(RedisState(RedisServer(url), SECRET))
        return opened[-1]

    yield open_at
    for each in opened:
        await each.aclose()

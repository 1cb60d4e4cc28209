"""Where a store can be kept: the same sentences hold in all of these places."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sent_mcp.state import Pending, SqliteState, StateError
from sent_mcp.state.redis_server import RedisServer
from sent_mcp.state.redis_state import RedisState
from tests.state.redis import RedisProcess

SECRET = bytes(range(32))
Store = SqliteState | RedisState
Open = Callable[[str], RedisState]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, moved: Callable[[float], None] = lambda _: None) -> None:
        self._time = 1_800_000_000.0
        self._moved = moved

    def __call__(self) -> float:
        """The time."""
        return self._time

    @property
    def time(self) -> float:
        """The same, to be moved."""
        return self._time

    @time.setter
    def time(self, time: float) -> None:
        self._moved(time - self._time)
        self._time = time


class Place:
    """Stores that are opened here share everything, as those of several processes do."""

    def __init__(
        self, open_one: Callable[[Clock], Store], clock: Clock, kept: Callable[[], str]
    ) -> None:
        """`kept` tells all that can be read in the place."""
        self._open_one = open_one
        self._opened: list[Store] = []
        self.clock = clock
        self.kept = kept

    def open(self) -> Store:
        """Another store in this place."""
        self._opened.append(self._open_one(self.clock))
        return self._opened[-1]

    async def close(self) -> None:
        """All of them."""
        for store in self._opened:
            await store.aclose()


def in_file(file: Path) -> Place:
    """A file that several processes have open."""

    def kept() -> str:
        beside = (each for each in file.parent.iterdir() if each.name.startswith(file.name))
        return "".join(each.read_bytes().decode("latin-1") for each in beside)

    return Place(lambda clock: SqliteState(file, clock=clock), Clock(), kept)


def on_server(server: RedisProcess) -> Place:
    """A server that several replicas are connected to."""

    def open_one(clock: Clock) -> RedisState:
        return RedisState(RedisServer(server.url, clock=clock), SECRET)

    return Place(open_one, Clock(server.pass_time), server.kept)


async def held(state: RedisState, name: str = "a") -> Pending:
    """An approval that waits."""
    now = await state.now()
    pending = Pending(name, "me", "binding", "key", now, now + 300)
    await state.hold(pending)
    return pending


async def why_not(state: RedisState) -> str:
    """Why it cannot be used, in the sentence behind the address."""
    with pytest.raises(StateError) as caught:
        await state.ping()
    before, _, why = caught.value.message.partition("Redis at ")
    assert before == "the state store cannot be used ("
    return why.partition(" ")[2].removesuffix(")")

"""The moving windows of this process, beside those of a library made for nothing else."""

import time
import tracemalloc
from types import SimpleNamespace

import limits.aio.storage.memory
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from sent_mcp.moving_windows import WINDOW_SECONDS, MemoryWindows, Room

MOST = {"a": 3, "b": 5}
# No number of sevens makes a window: the library is of two minds about an entry that old.
PAUSES = st.integers(0, 10).map(lambda number: number * 7)
HITS = st.lists(st.tuples(PAUSES, st.sampled_from(sorted(MOST)), st.integers(1, 4)), max_size=40)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(HITS)
async def test_windows_let_through_what_limits_would(hits: list[tuple[int, str, int]]) -> None:
    """And tell the same room and, where there is too little, the same wait."""
    clock, storage = Clock(), MemoryStorage()
    windows, limiter = MemoryWindows(clock=clock), MovingWindowRateLimiter(storage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits.aio.storage.memory, "time", SimpleNamespace(time=clock))
        for pause, name, cost in hits:
            clock.now += pause
            item = RateLimitItemPerSecond(MOST[name], int(WINDOW_SECONDS))
            taken = await windows.hit(name, MOST[name], cost)
            assert taken == await limiter.hit(item, name, cost=cost)
            expected = await limiter.get_window_stats(item, name)
            room = await windows.room(name, MOST[name])
            assert room.units == expected.remaining
            assert room.units == MOST[name] or room.seconds == expected.reset_time - clock.now
        if storage.timer is not None:
            await storage.timer


async def test_a_unit_is_back_a_minute_after_it_was_spent() -> None:
    """To the moment, so that who waited for it finds it."""
    clock = Clock()
    windows = MemoryWindows(clock=clock)
    assert await windows.hit("a", 2, 2)
    clock.now += 20
    assert await windows.room("a", 2) == Room(0, WINDOW_SECONDS - 20)
    assert not await windows.hit("a", 2, 1)
    clock.now += WINDOW_SECONDS - 20
    assert await windows.room("a", 2) == Room(2, 0.0)
    assert await windows.hit("a", 2, 1)


async def test_a_window_that_is_shared_out_anew_begins_empty() -> None:
    """`most` belongs to its name, as two budgets of different size are two."""
    windows = MemoryWindows(clock=Clock())
    assert await windows.hit("a", 1, 1)
    assert await windows.hit("a", 2, 2)
    assert not await windows.hit("a", 1, 1)


async def test_what_is_still_spent_outlives_the_names_that_are_forgotten() -> None:
    """Old names go when new ones come: keys change in a process that runs for months."""
    clock = Clock()
    windows = MemoryWindows(clock=clock)
    assert await windows.hit("old", 1, 1)
    clock.now += 30
    assert await windows.hit("kept", 1, 1)
    clock.now += 40
    assert await windows.hit("new", 1, 1)
    assert not await windows.hit("kept", 1, 1)
    assert await windows.hit("old", 1, 1)


async def test_many_names_cost_no_more_each_than_few() -> None:
    """Strangers can make up as many as they like. Walking all for each would take minutes."""
    windows = MemoryWindows(clock=Clock())
    began = time.process_time()
    for number in range(20_000):
        assert await windows.hit(str(number), 1, 1)
    assert time.process_time() - began < 10


async def test_what_is_kept_is_bounded_by_what_is_still_spent() -> None:
    """However many names there were before: as many in each minute, and no more memory."""
    clock = Clock()
    windows = MemoryWindows(clock=clock)
    sizes: list[int] = []
    tracemalloc.start()
    try:
        for minute in range(12):
            for number in range(1_000):
                clock.now += WINDOW_SECONDS / 1_000
                assert await windows.hit(f"{minute} {number}", 1, 1)
                assert await windows.room(f"only looked at {minute} {number}", 1)
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes[2:]) < 1.5 * sizes[2]

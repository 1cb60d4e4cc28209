"""Windows that are shared while they can be, and one's own while they cannot."""

import logging
from dataclasses import dataclass, field

import anyio
import pytest

from sent_mcp.moving_windows import (
    ALONE_SECONDS,
    WINDOW_SECONDS,
    FallbackWindows,
    MemoryWindows,
    MovingWindowError,
    Room,
)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class SharedWindows:
    """Windows on a server that can be lost; `asked` counts how often it was tried."""

    kept: MemoryWindows
    lost: bool = False
    asked: int = 0
    answers: anyio.Event = field(default_factory=anyio.Event)

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """See MovingWindows."""
        await self._reach()
        return await self.kept.hit(name, most, cost)

    async def room(self, name: str, most: int) -> Room:
        """See MovingWindows."""
        await self._reach()
        return await self.kept.room(name, most)

    async def _reach(self) -> None:
        self.asked += 1
        if self.lost:
            await self.answers.wait()
            raise MovingWindowError("nothing listens there")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(clock: Clock) -> SharedWindows:
    shared = SharedWindows(MemoryWindows(clock=clock))
    shared.answers.set()
    return shared


@pytest.fixture
def windows(shared: SharedWindows, clock: Clock) -> FallbackWindows:
    return FallbackWindows(shared, MemoryWindows(clock=clock), clock=clock)


async def test_what_others_spent_counts(
    shared: SharedWindows, windows: FallbackWindows, clock: Clock
) -> None:
    """And what is refused for their sake is not spent here either."""
    assert await shared.kept.hit("a", 3, 2)
    clock.now += 10
    for _ in range(5):
        assert not await windows.hit("a", 3, 2)
    assert await windows.room("a", 3) == Room(1, WINDOW_SECONDS - 10)
    assert await windows.hit("a", 3, 1)
    assert await windows.room("a", 3) == Room(0, WINDOW_SECONDS - 10)
    clock.now += WINDOW_SECONDS - 10
    assert await windows.hit("a", 3, 2)


async def test_a_process_that_is_left_alone_keeps_to_the_budget(
    shared: SharedWindows, windows: FallbackWindows
) -> None:
    """With what it spent before, and nothing fails."""
    assert await windows.hit("a", 3, 1)
    shared.lost = True
    assert await windows.hit("a", 3, 1)
    assert await windows.room("a", 3) == Room(1, WINDOW_SECONDS)
    assert await windows.hit("a", 3, 1)
    assert not await windows.hit("a", 3, 1)


async def test_who_only_looks_may_find_them_lost(
    shared: SharedWindows, windows: FallbackWindows
) -> None:
    """And nobody else tries then."""
    assert await windows.hit("a", 3, 1)
    shared.lost = True
    assert await windows.room("a", 3) == Room(2, WINDOW_SECONDS)
    assert await windows.hit("a", 3, 1)
    assert shared.asked == 2


async def test_a_process_that_finds_the_others_again_has_no_second_budget(
    shared: SharedWindows, windows: FallbackWindows, clock: Clock
) -> None:
    """What it spent alone is not known to them, and counts here."""
    shared.lost = True
    assert await windows.hit("a", 3, 3)
    shared.lost = False
    clock.now += ALONE_SECONDS
    assert await windows.room("a", 3) == Room(0, WINDOW_SECONDS - ALONE_SECONDS)
    assert not await windows.hit("a", 3, 1)
    clock.now += WINDOW_SECONDS - ALONE_SECONDS
    assert await windows.hit("a", 3, 3)


async def test_windows_that_were_lost_are_tried_again_in_a_while(
    shared: SharedWindows,
    windows: FallbackWindows,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not at every call: it may take seconds. Losing and finding them is told once each."""
    caplog.set_level(logging.INFO, "sent_mcp.moving_windows")
    shared.lost = True
    for _ in range(3):
        for _ in range(5):
            assert await windows.hit("a", 99, 1)
            await windows.room("a", 99)
        clock.now += ALONE_SECONDS
    assert shared.asked == 3
    shared.lost = False
    for _ in range(3):
        assert await windows.hit("a", 99, 1)
    assert shared.asked == 6
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "budgets are not shared, each process keeps to its own: nothing listens there"),
        ("INFO", "budgets are shared again"),
    ]


async def test_one_call_tries_and_the_others_do_not_wait(
    shared: SharedWindows, windows: FallbackWindows, clock: Clock
) -> None:
    """A server that answers nothing would hold up all of them."""
    shared.lost = True
    assert await windows.hit("a", 99, 1)
    clock.now += ALONE_SECONDS
    shared.answers = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(windows.hit, "a", 99, 1)
        await anyio.wait_all_tasks_blocked()
        assert await windows.hit("a", 99, 1)
        assert (await windows.room("a", 99)).units == 96
        shared.answers.set()
    assert shared.asked == 2

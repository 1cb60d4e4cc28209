"""What was spent within the last minute, by name.

Here it is kept in this process. Several processes share it behind the same `MovingWindows`, and
each goes on by itself while it cannot reach the others.
"""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

WINDOW_SECONDS = 61.0
"""A minute, and a second more: one request reaches Sent sooner than another that was counted first.

Without it a burst that took long to arrive would share its minute at Sent with the next one.
"""
ALONE_SECONDS = 5.0
"""How long shared windows that failed are left alone: each try may take seconds."""
_log = logging.getLogger("sent_mcp.moving_windows")


class MovingWindowError(Exception):
    """What was spent is kept elsewhere, and cannot be read or written there now."""


@dataclass(frozen=True)
class Room:
    """How many units are left, and in how many seconds the oldest that was spent is back."""

    units: int
    seconds: float


class MovingWindows(Protocol):
    """Windows of WINDOW_SECONDS; `most` belongs to the name. All raise MovingWindowError."""

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """Spend `cost` units if that makes no more than `most`; whether it did."""
        ...

    async def room(self, name: str, most: int) -> Room:
        """What is left of `most`."""
        ...


@dataclass
class _Window:
    """What was spent, oldest first, each with the time from which on it counts no more."""

    spent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    units: int = 0

    def forget(self, now: float) -> None:
        while self.spent and self.spent[0][0] <= now:
            self.units -= self.spent.popleft()[1]


class MemoryWindows:
    """Kept in this process. Nothing is awaited, so no task comes between reading and writing."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[tuple[str, int], _Window] = OrderedDict()

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """See MovingWindows."""
        now = self._clock()
        window = self._at(now, name, most)
        if window.units + cost > most:
            return False
        window.spent.append((now + WINDOW_SECONDS, cost))
        window.units += cost
        return True

    def give_back(self, name: str, most: int, cost: int) -> None:
        """Take the last hit of this cost for not spent."""
        window = self._at(self._clock(), name, most)
        for entry in reversed(window.spent):
            if entry[1] == cost:
                window.spent.remove(entry)
                window.units -= cost
                return

    async def room(self, name: str, most: int) -> Room:
        """See MovingWindows."""
        now = self._clock()
        window = self._at(now, name, most)
        seconds = window.spent[0][0] - now if window.spent else 0.0
        return Room(most - window.units, seconds)

    def _at(self, now: float, name: str, most: int) -> _Window:
        window = self._windows.get((name, most))
        if window is None:
            self._forget_unused(now)
            window = self._windows[name, most] = _Window()
        window.forget(now)
        return window

    def _forget_unused(self, now: float) -> None:
        # Names come and go with keys, and a name nobody uses again would be kept for ever. Two are
        # looked at for each that comes: so there are at most about twice those still in use.
        for _ in range(min(2, len(self._windows))):
            name, window = self._windows.popitem(last=False)
            window.forget(now)
            if window.spent:
                self._windows[name] = window


class FallbackWindows:
    """Shared windows, and for as long as they fail those of this process.

    What is spent is always counted here too. So a process that is left alone keeps to the budget,
    and does not have it twice in the minute in which the others are lost or found again.
    """

    def __init__(
        self,
        shared: MovingWindows,
        local: MemoryWindows | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local or MemoryWindows()
        self._clock = clock
        self._next_try: float | None = None

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """See MovingWindows; it never fails."""
        if not await self._local.hit(name, most, cost):
            return False
        if self._may_share():
            try:
                spent = await self._shared.hit(name, most, cost)
            except MovingWindowError as error:
                self._lost(error)
                return True
            self._found()
            if not spent:
                self._local.give_back(name, most, cost)
            return spent
        return True

    async def room(self, name: str, most: int) -> Room:
        """See MovingWindows; it never fails."""
        here = await self._local.room(name, most)
        if self._may_share():
            try:
                everywhere = await self._shared.room(name, most)
            except MovingWindowError as error:
                self._lost(error)
                return here
            self._found()
            return _tighter(here, everywhere)
        return here

    def _may_share(self) -> bool:
        """One call at a time tries windows that were lost; the others do not wait for it."""
        if self._next_try is None:
            return True
        now = self._clock()
        if now < self._next_try:
            return False
        self._next_try = now + ALONE_SECONDS
        return True

    def _lost(self, error: MovingWindowError) -> None:
        if self._next_try is None:
            _log.warning("budgets are not shared, each process keeps to its own: %s", error)
        self._next_try = self._clock() + ALONE_SECONDS

    def _found(self) -> None:
        if self._next_try is not None:
            _log.info("budgets are shared again")
        self._next_try = None


def _tighter(one: Room, other: Room) -> Room:
    units = min(one.units, other.units)
    return Room(units, max(room.seconds for room in (one, other) if room.units == units))

"""What was spent within the last minute, by name.

Here it is kept in this process. Several processes would share it behind the same `MovingWindows`.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

WINDOW_SECONDS = 60.0


class MovingWindowError(Exception):
    """What was spent is kept elsewhere, and cannot be read or written there now."""


@dataclass(frozen=True)
class Room:
    """How many units are left, and in how many seconds the oldest that was spent is back."""

    units: int
    seconds: float


class MovingWindows(Protocol):
    """Windows of one minute; `most` belongs to the name. All methods raise MovingWindowError."""

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
        self._windows: dict[tuple[str, int], _Window] = {}

    async def hit(self, name: str, most: int, cost: int) -> bool:
        """See MovingWindows."""
        now = self._clock()
        window = self._at(now, name, most)
        if window.units + cost > most:
            return False
        window.spent.append((now + WINDOW_SECONDS, cost))
        window.units += cost
        return True

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
        # Names come and go with keys, and a name nobody uses again would be kept for ever.
        for window in self._windows.values():
            window.forget(now)
        self._windows = {name: window for name, window in self._windows.items() if window.spent}

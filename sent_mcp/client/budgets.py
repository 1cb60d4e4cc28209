"""How many requests and messages go out per minute (API §6): waits for room while time allows."""

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import anyio

from sent_mcp.errors import RefusedError
from sent_mcp.moving_windows import MemoryWindows, MovingWindowError, MovingWindows

Sleep = Callable[[float], Awaitable[None]]
_SHORTEST_WAIT = 0.05


class Budget:
    """So many units in any minute, counted in windows that several budgets may share."""

    def __init__(
        self,
        unit: str,
        per_minute: int,
        *,
        windows: MovingWindows | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        """`unit` names what is counted, in the plural, and is part of the windows' names."""
        self.per_minute = per_minute
        self._unit = unit
        self._windows = windows or MemoryWindows()
        self._sleep = sleep

    async def spend(
        self, account: str, cost: int, seconds: Callable[[], float], *, share: float = 1.0
    ) -> None:
        """Take `cost` units for `account`, waiting as long as `seconds()` leaves.

        A cost above the whole budget counts as the whole budget. Who waits is served in no order;
        who names a `share` below 1 never has more than that, so that others find room at once.
        Windows that fail (with MovingWindowError) stop nobody: Sent's own limit still holds.
        Raises RefusedError (BUDGET_EXHAUSTED) as soon as the wait cannot fit.
        """
        with suppress(MovingWindowError):
            for name, most in self._named(account, share):
                await self._take(name, most, min(cost, most), seconds)

    def most(self, share: float) -> int:
        """How many units a share of it is, a minute."""
        return max(1, int(self.per_minute * share))

    async def room(self, account: str, share: float = 1.0) -> int:
        """How many units could be taken right now without waiting."""
        left = [self.per_minute]
        with suppress(MovingWindowError):
            for name, most in self._named(account, share):
                left.append((await self._windows.room(name, most)).units)
        return min(left)

    async def wait(self, account: str, seconds: float, *, share: float = 1.0) -> None:
        """Wait until a unit could be taken, or for about so many seconds."""
        with suppress(MovingWindowError):
            for name, most in self._named(account, share):
                room = await self._windows.room(name, most)
                if room.units <= 0:
                    await self._sleep(max(0.0, min(room.seconds, seconds)))

    async def _take(self, name: str, most: int, cost: int, seconds: Callable[[], float]) -> None:
        while not await self._windows.hit(name, most, cost):
            wait = max((await self._windows.room(name, most)).seconds, _SHORTEST_WAIT)
            if wait > seconds():
                raise self._exhausted(most, wait)
            await self._sleep(wait)

    def _named(self, account: str, share: float) -> Iterator[tuple[str, int]]:
        """The windows a unit must fit into: that of the share first, and everybody's."""
        if share < 1:
            yield f"{self._unit} in bulk {account}", self.most(share)
        yield f"{self._unit} {account}", self.per_minute

    def _exhausted(self, most: int, wait: float) -> RefusedError:
        whose = "" if most == self.per_minute else " for lists"
        return RefusedError(
            f"this server's budget of {most} {self._unit} per minute{whose} is used up;"
            f" there is room again in about {math.ceil(wait)} s",
            code="BUDGET_EXHAUSTED",
            retryable=True,
        )

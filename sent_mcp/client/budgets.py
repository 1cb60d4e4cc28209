"""How many requests and messages go out per minute (API §6): waits for room while time allows."""

import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from sent_mcp.errors import RefusedError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.storage import Storage
    from limits.aio.strategies import MovingWindowRateLimiter

Sleep = Callable[[float], Awaitable[None]]
_SHORTEST_WAIT = 0.05


class Budget:
    """So many units in any minute, counted in a storage that several budgets may share."""

    def __init__(
        self,
        unit: str,
        per_minute: int,
        *,
        storage: "Storage | None" = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        """`unit` names what is counted, in the plural, and is part of the storage's key."""
        self.per_minute = per_minute
        self._unit = unit
        self._storage = storage
        self._sleep = sleep
        self._limiter: MovingWindowRateLimiter | None = None

    async def spend(
        self, account: str, cost: int, seconds: Callable[[], float], *, share: float = 1.0
    ) -> None:
        """Take `cost` units for `account`, waiting as long as `seconds()` leaves.

        A cost above the whole budget counts as the whole budget. Who waits is served in no order;
        who names a `share` below 1 never has more than that, so that others find room at once.
        A storage that fails (and wraps its exceptions) stops nobody: Sent's own limit still holds.
        Raises RefusedError (BUDGET_EXHAUSTED) as soon as the wait cannot fit.
        """
        from limits.errors import StorageError

        with suppress(StorageError):
            for item, name in self._windows(share):
                await self._take(item, name, account, cost, seconds)

    def most(self, share: float) -> int:
        """How many units a share of it is, a minute."""
        return max(1, int(self.per_minute * share))

    async def room(self, account: str, share: float = 1.0) -> int:
        """How many units could be taken right now without waiting."""
        from limits.errors import StorageError

        left = [self.per_minute]
        with suppress(StorageError):
            for item, name in self._windows(share):
                stats = await self._open().get_window_stats(item, name, account)
                left.append(stats.remaining)
        return min(left)

    async def wait(self, account: str, seconds: float, *, share: float = 1.0) -> None:
        """Wait until a unit could be taken, or for about so many seconds."""
        from limits.errors import StorageError

        with suppress(StorageError):
            for item, name in self._windows(share):
                stats = await self._open().get_window_stats(item, name, account)
                if stats.remaining <= 0:
                    await self._sleep(max(0.0, min(stats.reset_time - time.time(), seconds)))

    async def _take(
        self,
        item: "RateLimitItem",
        name: str,
        account: str,
        cost: int,
        seconds: Callable[[], float],
    ) -> None:
        limiter = self._open()
        while not await limiter.hit(item, name, account, cost=min(cost, item.amount)):
            stats = await limiter.get_window_stats(item, name, account)
            wait = max(stats.reset_time - time.time(), _SHORTEST_WAIT)
            if wait > seconds():
                raise self._exhausted(item.amount, wait)
            await self._sleep(wait)

    def _windows(self, share: float) -> "Iterator[tuple[RateLimitItem, str]]":
        """The windows a unit must fit into: that of the share first, and everybody's."""
        from limits import RateLimitItemPerMinute

        if share < 1:
            yield RateLimitItemPerMinute(self.most(share)), f"{self._unit} in bulk"
        yield RateLimitItemPerMinute(self.per_minute), self._unit

    def _open(self) -> "MovingWindowRateLimiter":
        # Slow to import, which a server that is only listed would pay for nothing.
        from limits.aio.storage import MemoryStorage
        from limits.aio.strategies import MovingWindowRateLimiter

        if self._limiter is None:
            self._limiter = MovingWindowRateLimiter(self._storage or MemoryStorage())
        return self._limiter

    def _exhausted(self, most: int, wait: float) -> RefusedError:
        whose = "" if most == self.per_minute else " for lists"
        return RefusedError(
            f"this server's budget of {most} {self._unit} per minute{whose} is used up;"
            f" there is room again in about {math.ceil(wait)} s",
            code="BUDGET_EXHAUSTED",
            retryable=True,
        )

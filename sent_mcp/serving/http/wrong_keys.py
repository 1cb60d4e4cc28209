"""Whoever tries wrong credentials waits longer and longer; whoever has right ones never waits."""

import math
from collections import OrderedDict

import anyio

FREE_TRIES = 3
FIRST_SECONDS, LONGEST_SECONDS = 0.1, 5.0
FORGET_SECONDS = 300.0
MOST_WAITING = 32
MOST_ADDRESSES = 10_000


class WrongKeys:
    """Counts them by address. Behind a proxy all have one, which slows down only wrong ones."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting = 0

    async def slow_down(self, address: str) -> int | None:
        """Wait before the refusal is sent; seconds to come back in when too many are waiting."""
        seconds = self._counted(address)
        if seconds <= 0:
            return None
        if self._waiting >= MOST_WAITING:
            return math.ceil(seconds)
        self._waiting += 1
        try:
            await anyio.sleep(seconds)
        finally:
            self._waiting -= 1
        return None

    def _counted(self, address: str) -> float:
        now = anyio.current_time()
        tries, at = self._tries.pop(address, (0, now))
        tries = 1 if now - at > FORGET_SECONDS else tries + 1
        self._tries[address] = (tries, now)
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.popitem(last=False)
        if tries <= FREE_TRIES:
            return 0
        # No power of two is a float from the 1024th on.
        return min(FIRST_SECONDS * 2.0 ** min(tries - FREE_TRIES, 30), LONGEST_SECONDS)

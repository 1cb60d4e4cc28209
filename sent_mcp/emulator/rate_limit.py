"""Requests per minute for the whole account, as a sliding window on the emulated clock (API §6)."""

import math
from collections import deque
from datetime import datetime, timedelta

from sent_mcp.emulator.envelope import Refusal

_WINDOW = timedelta(minutes=1)


class RateLimit:
    """None is no limit; a refused request does not count."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._spent: deque[datetime] = deque()

    def spend(self, now: datetime) -> None:
        """Counts one request, or refuses it with the headers that a 429 carries."""
        if self._per_minute is None:
            return
        while self._spent and self._spent[0] <= now - _WINDOW:
            self._spent.popleft()
        if len(self._spent) >= self._per_minute:
            free_at = self._spent[0] + _WINDOW if self._spent else now + _WINDOW
            raise limited(self._per_minute, now, free_at)
        self._spent.append(now)


def limited(limit: int, now: datetime, free_at: datetime) -> Refusal:
    """The 429 of API §6."""
    headers = {
        "Retry-After": str(max(1, math.ceil((free_at - now).total_seconds()))),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil(free_at.timestamp())),
    }
    return Refusal(429, "BUSINESS_002", "Rate limit exceeded", headers=headers)

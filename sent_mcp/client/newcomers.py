"""Keys that Sent has not accepted yet: whoever brought them, they share a few places.

Anybody can make up keys, and each is asked about for as long as Sent takes. Without a bound of
their own they would have every connection.
"""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from sent_mcp.errors import APITimeoutError

MOST_AT_ONCE = 4
MOST_REMEMBERED = 10_000
"""Accepted keys that are remembered, by fingerprint: made-up ones cannot crowd them out."""


class Newcomers:
    """Which keys were accepted, and the places of all the others."""

    def __init__(self) -> None:
        self._places = anyio.CapacityLimiter(MOST_AT_ONCE)
        self._accepted: dict[str, None] = {}

    def has_accepted(self, fingerprint: str) -> bool:
        """Whether Sent has taken this key before, and has not refused it since."""
        return fingerprint in self._accepted

    def accept(self, fingerprint: str) -> None:
        """Sent has taken it."""
        self._accepted[fingerprint] = None
        if len(self._accepted) > MOST_REMEMBERED:
            del self._accepted[next(iter(self._accepted))]

    def refuse(self, fingerprint: str) -> None:
        """Sent takes it no more."""
        self._accepted.pop(fingerprint, None)

    @asynccontextmanager
    async def place(self, seconds: float) -> AsyncGenerator[None]:
        """Room for one request, after those who came before. Raises APITimeoutError: not asked."""
        async with in_turn(self._places, seconds):
            yield


@asynccontextmanager
async def in_turn(
    turns: anyio.Lock | anyio.CapacityLimiter, seconds: float
) -> AsyncGenerator[None]:
    """Waits so long for a first request with a key. Raises APITimeoutError: Sent was not asked."""
    try:
        with anyio.fail_after(None if math.isinf(seconds) else seconds):
            await turns.acquire()
    except TimeoutError as error:
        raise APITimeoutError(
            f"the key is new here, and could not be tried within {seconds:.0f} s", maybe_done=False
        ) from error
    try:
        yield
    finally:
        turns.release()

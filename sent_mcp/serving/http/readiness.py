"""What a load balancer asks: does the process live, and should it get requests?"""

import math
from collections.abc import Awaitable, Callable

import anyio
from pydantic import JsonValue

from sent_mcp.errors import SentError

_PROBE_SECONDS = 1.0


class Readiness:
    """Ready once the state store was reached, until the server stops. Sent is not asked.

    A store that is away later does not make a replica useless: reads go on, and what needs the
    store is refused in words; all replicas out of the balancer at once would refuse everything.
    """

    def __init__(self, reach_state: Callable[[], Awaitable[None]]) -> None:
        """`reach_state` raises SentError while the store is away."""
        self._reach_state = reach_state
        self._was_reached = self._is_reached = False
        self._looked_at = -math.inf
        self._asked, self._looked = anyio.Event(), anyio.Event()
        self.stopping = False

    async def keep_looking(self) -> None:
        """Ask the store whenever somebody wants to know, one question at a time; for ever.

        Probes may come from anybody, and a store that hangs cannot be hurried.
        """
        while True:
            await self._asked.wait()
            self._asked = anyio.Event()
            self._is_reached = await self._reached()
            self._looked_at = anyio.current_time()
            self._looked.set()
            self._looked = anyio.Event()

    async def status(self) -> tuple[int, JsonValue]:
        """HTTP status and body of `/readyz`, from a look that is a second old at most."""
        reached = await self._lately()
        self._was_reached = self._was_reached or reached
        state = "ok" if reached else "degraded" if self._was_reached else "unavailable"
        if self.stopping:
            return 503, {"status": "stopping", "state": state}
        if not self._was_reached:
            return 503, {"status": "starting", "state": state}
        return 200, {"status": "ready", "state": state}

    async def _lately(self) -> bool:
        age = anyio.current_time() - self._looked_at
        if self._was_reached and age < _PROBE_SECONDS:
            return self._is_reached
        self._asked.set()
        with anyio.move_on_after(_PROBE_SECONDS):
            await self._looked.wait()
            return self._is_reached
        return False

    async def _reached(self) -> bool:
        try:
            await self._reach_state()
        except SentError:
            return False
        return True

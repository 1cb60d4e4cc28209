"""What a load balancer asks: does the process live, and should it get requests?"""

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
        self._was_reached = False
        self.stopping = False

    async def status(self) -> tuple[int, JsonValue]:
        """HTTP status and body of `/readyz`."""
        reached = await self._reached()
        self._was_reached = self._was_reached or reached
        state = "ok" if reached else "degraded" if self._was_reached else "unavailable"
        if self.stopping:
            return 503, {"status": "stopping", "state": state}
        if not self._was_reached:
            return 503, {"status": "starting", "state": state}
        return 200, {"status": "ready", "state": state}

    async def _reached(self) -> bool:
        try:
            with anyio.fail_after(_PROBE_SECONDS):
                await self._reach_state()
        except (SentError, TimeoutError):
            return False
        return True

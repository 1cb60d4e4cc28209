"""What stops a caller that goes on and on: many small changes, and questions nobody wants."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sent_mcp.guard.question import FREE_CHANGES
from sent_mcp.state import StateStore

FREE_SECONDS = 600.0
MOST_DECLINES, DECLINE_SECONDS, SILENT_SECONDS = 3, 300.0, 300.0


class Restraint:
    """Counts per caller: contacts created or opted out, and questions that were refused."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def free(self, who: str, contacts: int) -> Sequence[int] | None:
        """Counts contacts that need not be asked; None beyond the tenth in ten minutes."""
        return await self._state.spend(who, contacts, FREE_CHANGES, FREE_SECONDS)

    async def approved(self, who: str, contacts: int) -> Sequence[int]:
        """Counts contacts that were asked."""
        return await self._state.spend(who, contacts, None, FREE_SECONDS) or ()

    async def unchanged(self, who: str, counted: Sequence[int]) -> None:
        """Takes back those that came to nothing."""
        await self._state.spend_back(who, counted)

    async def declined(self, who: str) -> None:
        """Counts a question that was refused."""
        await self._state.declined(who)

    async def silent_until(self, who: str) -> str | None:
        """Until when nobody is asked, after three refusals in five minutes; None when one may."""
        times = await self._state.declines(who, DECLINE_SECONDS + SILENT_SECONDS)
        rows = zip(times, times[MOST_DECLINES - 1 :], strict=False)
        ends = [last + SILENT_SECONDS for first, last in rows if last - first <= DECLINE_SECONDS]
        end = max(ends, default=0.0)
        if end <= await self._state.now():
            return None
        return datetime.fromtimestamp(end, UTC).strftime("%H:%M:%S UTC")

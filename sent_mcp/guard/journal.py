"""What was sent from here in 24 hours: the daily limit, and the last message to a number."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from sent_mcp.errors import OutcomeUnknownError, RefusedError, SentError
from sent_mcp.guard.token import digest
from sent_mcp.models import Recipient
from sent_mcp.state import StateError, StateStore

_log = logging.getLogger("sent_mcp.tools")


class Journal:
    """The sends of one account. Recipients are kept as HMACs only."""

    def __init__(self, state: StateStore, *, account: Callable[[], str]) -> None:
        self._state = state
        self._account = account
        self.now = state.now

    async def refuse_above(self, messages: int, limit: int) -> None:
        """Raises RefusedError for messages that `counted` would refuse, before anybody is asked."""
        if await self._state.counted(self._account()) + messages > limit:
            raise _above(limit)

    @asynccontextmanager
    async def counted(self, messages: int, limit: int) -> AsyncGenerator[Sequence[int]]:
        """Count messages before they go out; given back when they certainly did not.

        Raises RefusedError above `limit` messages in 24 hours, and StateError.
        """
        rows = await self._state.reserve(self._account(), messages, limit)
        if rows is None:
            raise _above(limit)
        try:
            yield rows
        except OutcomeUnknownError:
            raise
        except SentError:
            with suppress(StateError):
                await self._state.release(rows)
            raise

    async def note(self, rows: Sequence[int], sent: Sequence[Recipient]) -> None:
        """Remember which message went to whom. A store that fails must not hide the send."""
        try:
            pairs = [(await self._hidden(each.to), each.message_id) for each in sent]
            await self._state.note(rows, pairs)
        except StateError as error:
            _log.warning("a send could not be noted: %s", error.code)

    async def last_message_to(self, phone_number: str) -> str | None:
        """The id of the last message sent from here to a number within 24 hours."""
        return await self._state.last_sent(self._account(), await self._hidden(phone_number))

    async def _hidden(self, phone_number: str) -> str:
        return digest(await self._state.secret(), "recipient", phone_number)


def _above(limit: int) -> RefusedError:
    return RefusedError(
        f"more than {limit} messages would go out within 24 hours (SENT_MCP_MESSAGES_PER_DAY)",
        code="DAILY_LIMIT",
    )

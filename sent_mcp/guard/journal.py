"""Every send, written down before it goes out and again when its outcome is known.

So a send whose answer was lost is repeated under the same idempotency key, also after a crash, and
a question can say who got the same before. Recipients and contents are kept as HMACs only.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio
from pydantic import JsonValue

from sent_mcp.errors import OutcomeUnknownError, RefusedError, SentError
from sent_mcp.guard.token import digest
from sent_mcp.models import Recipient
from sent_mcp.state import Earlier, NewSend, NotStarted, OpenSend, StateError, StateStore

_log = logging.getLogger("sent_mcp.guard")
_STILL_OPEN = (
    "This attempt sent nothing; another one of the same send may have gone out. Its key is kept for"
    " the same send."
)


@dataclass(frozen=True)
class History:
    """What was sent before: who of the recipients got the same content, and this very send.

    `earlier` is by number; `repeats` is the open send that this one would repeat.
    """

    earlier: Mapping[str, Earlier]
    repeats: OpenSend | None = None

    @property
    def bound(self) -> JsonValue:
        """What an approval is bound to of it: which sends, and whether their outcome is known."""
        known: list[JsonValue] = [
            [number, each.send_id, each.open] for number, each in sorted(self.earlier.items())
        ]
        return [None if self.repeats is None else self.repeats.send_id, known]


@dataclass(frozen=True)
class Draft:
    """A send before it goes out. `body` is the request, `content` the part that people read.

    `recipients` has one number per message.
    """

    body: Mapping[str, JsonValue]
    content: Mapping[str, JsonValue]
    recipients: tuple[str, ...]


class Journal:
    """The sends of one account."""

    def __init__(self, state: StateStore, *, account: Callable[[], str]) -> None:
        self._state = state
        self._account = account

    async def refuse_above(self, messages: int, limit: int) -> None:
        """Raises RefusedError for messages that `sending` would refuse, before anybody is asked."""
        if await self._state.counted(self._account()) + messages > limit:
            raise _above(limit)

    async def history(self, draft: Draft) -> History:
        """What was sent before that somebody who is asked should know."""
        secret, account = await self._state.secret(), self._account()
        numbers = {_hidden(secret, number): number for number in draft.recipients}
        content = digest(secret, "content", dict(draft.content))
        found = await self._state.earlier(account, content, numbers)
        body = digest(secret, "body", dict(draft.body))
        repeats = await self._state.open_send(account, body)
        return History({numbers[each.recipient]: each for each in found}, repeats)

    @asynccontextmanager
    async def sending(
        self, draft: Draft, history: History, key: str, limit: int
    ) -> AsyncGenerator[int]:
        """Writes a send down before it goes out; inside, the request is made.

        Raises RefusedError above `limit` messages in 24 hours, and when the same was sent since
        `history` was read; StateError. A definite refusal of the request takes the entry back.
        """
        send_id = await self._start(draft, history, key, limit)
        again = history.repeats is not None and history.repeats.idempotency_key == key
        try:
            yield send_id
        except OutcomeUnknownError:
            raise
        except SentError as error:
            # Whoever refuses a repetition need not know what became of the first attempt.
            definite = error.replayed or not again
            if not (definite and await self._dropped(send_id, repeated=error.replayed)):
                error.effect = _STILL_OPEN
            raise

    async def done(self, send_id: int, sent: Sequence[Recipient]) -> None:
        """Remember which message went to whom. A store that fails must not hide the send."""
        with anyio.CancelScope(shield=True):
            try:
                secret = await self._state.secret()
                pairs = [(_hidden(secret, each.to), each.message_id) for each in sent]
                await self._state.close_send(send_id, pairs)
            except StateError as error:
                _log.warning("a send could not be noted: %s", error.code)

    async def last_to(self, phone_number: str) -> Earlier | None:
        """The last message from here to a number within 24 hours."""
        recipient = _hidden(await self._state.secret(), phone_number)
        return await self._state.last_to(self._account(), recipient)

    async def _dropped(self, send_id: int, *, repeated: bool) -> bool:
        with suppress(StateError):
            return await self._state.drop_send(send_id, repeated=repeated)
        return False

    async def _start(self, draft: Draft, history: History, key: str, limit: int) -> int:
        secret = await self._state.secret()
        send = NewSend(
            self._account(),
            digest(secret, "body", dict(draft.body)),
            digest(secret, "content", dict(draft.content)),
            tuple(_hidden(secret, number) for number in draft.recipients),
            key,
        )
        started = await self._state.start_send(send, limit, list(history.earlier.values()))
        if started is NotStarted.ABOVE_LIMIT:
            raise _above(limit)
        if isinstance(started, NotStarted):
            raise RefusedError(
                "the same content was sent to one of them while this was asked; ask again",
                code="SENT_MEANWHILE",
            )
        return started


def _hidden(secret: bytes, phone_number: str) -> str:
    return digest(secret, "recipient", phone_number)


def _above(limit: int) -> RefusedError:
    return RefusedError(
        f"more than {limit} messages would go out within 24 hours (SENT_MCP_MESSAGES_PER_DAY)",
        code="DAILY_LIMIT",
    )

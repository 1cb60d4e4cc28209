"""Approvals in the state store: held with a question, taken once with its answer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import anyio
from pydantic import JsonValue

from sent_mcp.guard import token as tokens
from sent_mcp.guard.decision import Change
from sent_mcp.guard.question import Question
from sent_mcp.state import Pending, StateStore, Used

VALID_SECONDS = 300.0
_WAIT_SECONDS, _MARGIN = 10.0, 1.0
_LONGEST_ACTION_SECONDS = 60.0


@dataclass(frozen=True)
class Held:
    """A question whose answer is awaited."""

    approval_id: str
    expires_at: float


class Approvals:
    """Signs, holds and takes approvals of one account. Every method may raise StateError."""

    def __init__(self, state: StateStore, secret: bytes | None) -> None:
        self._state = state
        self._secret = secret
        self.now = state.now

    async def key(self) -> bytes:
        """What tokens are signed with."""
        return self._secret or await self._state.secret()

    async def hold(self, change: Change, account: str, question: Question, seconds: float) -> Held:
        """Keep what was asked for `seconds`, until somebody answers."""
        now = await self.now()
        held = Held(tokens.new_approval_id(), now + seconds)
        binding = await self.binding(change, account, question)
        key = question.idempotency_key or new_idempotency_key()
        caller = change.host.caller
        await self._state.hold(
            Pending(held.approval_id, caller, binding, key, now, held.expires_at)
        )
        return held

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """The approval, once; of one that another call has taken, what came of it."""
        found = await self._state.take(approval_id, binding)
        return await self._settled(approval_id, found) if isinstance(found, Used) else found

    async def used(self, approval_id: str) -> Used | None:
        """What came of an approval that was taken before."""
        found = await self._state.used(approval_id)
        return None if found is None else await self._settled(approval_id, found)

    async def drop(self, approval_id: str) -> Pending | None:
        """Forget an approval that was refused."""
        return await self._state.drop(approval_id)

    async def refuse(self, change: Change, account: str, question: Question) -> None:
        """Forget whatever was held for the same question: somebody said no to it."""
        binding = await self.binding(change, account, question)
        await self._state.drop_alike(change.host.caller, binding)

    async def finish(self, approval_id: str, status: str, ids: tuple[str, ...]) -> None:
        """Record what came of one."""
        await self._state.finish(approval_id, status, ids)

    async def binding(self, change: Change, account: str, question: Question) -> str:
        """One HMAC over everything an approval is for."""
        return tokens.digest(
            await self.key(), *signed(change, account), dict[str, JsonValue](question.bound)
        )

    async def _settled(self, approval_id: str, used: Used) -> Used:
        """Waits a little for a call that is acting on the same approval right now."""
        until = min(
            anyio.current_time() + _WAIT_SECONDS, anyio.current_effective_deadline() - _MARGIN
        )
        while (
            used.status is None
            and anyio.current_time() < until
            and await self.now() - used.at < _LONGEST_ACTION_SECONDS
        ):
            await anyio.sleep(0.1)
            used = await self._state.used(approval_id) or used
        return used


def signed(change: Change, account: str) -> tuple[JsonValue, ...]:
    """What a token is signed for, besides its words and its id."""
    arguments: Mapping[str, JsonValue] = change.arguments
    return (change.tool, dict(arguments), account, change.host.caller)


def new_idempotency_key() -> str:
    """A key nobody used before; Sent remembers it for 24 hours (API §7.1)."""
    return f"sent-mcp-{secrets.token_urlsafe(24)}"

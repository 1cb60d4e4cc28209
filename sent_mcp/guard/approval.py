"""One decision: may this change be made now, and if not, what is said instead."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from sent_mcp.guard import token as tokens
from sent_mcp.guard.question import Question
from sent_mcp.state import Pending, StateError, StateStore, Used

VALID_SECONDS = 300.0
CALLER = "local"
REFUSED = "refused"
"""Recorded for an approved change that Sent definitely refused; never a status of a result."""
_log = logging.getLogger("sent_mcp.guard")


@dataclass(frozen=True)
class Approved:
    """Go ahead, with this idempotency key; `approval_id` is None where nobody had to be asked."""

    idempotency_key: str
    approval_id: str | None = None


@dataclass(frozen=True)
class Stopped:
    """Do nothing, and say this. With a token, a second call can go on."""

    status: str
    message: str
    question: str | None = None
    confirmation_token: str | None = None
    expires_at: str | None = None


class Guard:
    """Asks for every change it is shown, in the way `mode` allows.

    `account` names whose contacts these are and is part of what is bound; `account_line` is the
    first line of every question. `mask` is applied to whatever a model reads.
    """

    def __init__(
        self,
        state: StateStore,
        *,
        mode: str,
        secret: bytes | None,
        account: Callable[[], str],
        account_line: Callable[[], Awaitable[str]],
        mask: Callable[[str], str] = str,
    ) -> None:
        self._state = state
        self._mode = mode
        self._secret = secret
        self._account = account
        self._account_line = account_line
        self._mask = mask

    async def words(self, question: Question) -> str:
        """The question as it is shown."""
        return "\n".join([await self._account_line(), *question.lines])

    async def approve(
        self,
        tool: str,
        arguments: Mapping[str, JsonValue],
        question: Question,
        token: str | None,
    ) -> Approved | Stopped:
        """Whether `tool` may do what `question` says. Raises StateError: then it may not."""
        if self._mode == "off":
            return Approved(_new_idempotency_key())
        if self._mode == "ask":
            return Stopped(
                "cannot_confirm",
                f"{question.undone} SENT_MCP_CONFIRM=ask wants the answer from a form in the host,"
                " and this version cannot show one. The operator can set it to token.",
            )
        asked = _Asked(tool, dict(arguments), self._account())
        if token is None:
            return await self._ask(asked, question, "confirmation_required", question.undone)
        return await self._check(asked, question, token)

    async def already(
        self, tool: str, arguments: Mapping[str, JsonValue], token: str | None
    ) -> Stopped | None:
        """What came of this very approval, if it was used; asked before anything is read anew."""
        if token is None or self._mode in ("off", "ask"):
            return None
        asked = _Asked(tool, dict(arguments), self._account())
        approval_id = tokens.read(await self._key(), token, asked.signed)
        used = None if approval_id is None else await self._state.used(approval_id)
        return None if used is None or used.status == REFUSED else _already(used)

    async def finish(self, approved: Approved, status: str) -> None:
        """Record what came of it, so that the same token used again only tells.

        A store that fails here must not hide what was done; the approval stays used.
        """
        if approved.approval_id is not None:
            try:
                await self._state.finish(approved.approval_id, status)
            except StateError as error:
                _log.warning("the outcome %s could not be recorded: %s", status, error.code)

    async def _check(self, asked: "_Asked", question: Question, token: str) -> Approved | Stopped:
        approval_id = tokens.read(await self._key(), token, asked.signed)
        if approval_id is None:
            why = "The token was not issued here for exactly this call."
            return await self._ask(asked, question, "token_rejected", f"{question.undone} {why}")
        binding = await self._binding(asked, question)
        # Nothing is awaited between taking an approval and acting on it: a cancellation that came
        # in between would use it up.
        found = await self._state.take(approval_id, binding)
        if isinstance(found, Used) and found.status == REFUSED:
            why = "This token was used, and Sent refused the change then; so this asks again."
            return await self._ask(
                asked, question, "confirmation_required", f"{question.undone} {why}"
            )
        if isinstance(found, Used):
            return _already(found)
        if found is None or found.expires_at < self._state.now():
            why = "The token is too old; a new one comes with this answer."
            return await self._ask(asked, question, "expired", f"{question.undone} {why}")
        if found.binding != binding:
            why = "What was approved has changed since, so this asks again."
            return await self._ask(
                asked, question, "confirmation_required", f"{question.undone} {why}"
            )
        return Approved(found.idempotency_key, approval_id)

    async def _ask(self, asked: "_Asked", question: Question, status: str, message: str) -> Stopped:
        approval_id = tokens.new_approval_id()
        expires_at = self._state.now() + VALID_SECONDS
        binding = await self._binding(asked, question)
        await self._state.hold(
            Pending(approval_id, CALLER, binding, _new_idempotency_key(), expires_at)
        )
        return Stopped(
            status,
            message,
            await self.words(question),
            tokens.mint(await self._key(), self._mask(question.action), approval_id, asked.signed),
            datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    async def _binding(self, asked: "_Asked", question: Question) -> str:
        return tokens.digest(await self._key(), *asked.signed, dict(question.bound))

    async def _key(self) -> bytes:
        return self._secret or await self._state.secret()


@dataclass(frozen=True)
class _Asked:
    tool: str
    arguments: dict[str, JsonValue]
    account: str

    @property
    def signed(self) -> tuple[JsonValue, ...]:
        return (self.tool, self.arguments, self.account, CALLER)


def _already(used: Used) -> Stopped:
    at = datetime.fromtimestamp(used.at, UTC).strftime("%H:%M:%S UTC")
    if used.status is None:
        return Stopped(
            "outcome_unknown",
            f"This token was used at {at} and its outcome is not known here. Nothing was done"
            " again. Read the current state before doing anything else.",
        )
    return Stopped(
        used.status,
        f"This token was already used at {at}; the outcome then was: {used.status}. Nothing was"
        " done again.",
    )


def _new_idempotency_key() -> str:
    return f"sent-mcp-{secrets.token_urlsafe(24)}"

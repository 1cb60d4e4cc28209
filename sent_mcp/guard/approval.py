"""One decision: may this change be made now, and if not, what is said or asked instead."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Protocol, TypeVar

import anyio

from sent_mcp.errors import SentError
from sent_mcp.guard import token as tokens
from sent_mcp.guard.audit import CANCELLED, AuditLog, Entry, Line
from sent_mcp.guard.confirmation import Confirmation, who
from sent_mcp.guard.decision import Approved, Asked, Change, Rules, Stopped
from sent_mcp.guard.pending import Approvals, new_idempotency_key
from sent_mcp.guard.question import Question
from sent_mcp.guard.restraint import Restraint
from sent_mcp.state import StateError

MOST_FORMS = 3
"""How often one call asks, when what it is about changes under the open form."""
_log = logging.getLogger("sent_mcp.guard")


class Plan(Protocol):
    """What a tool is about to do; without a question nobody needs to be asked."""

    @property
    def question(self) -> Question | None:
        """What to ask."""
        ...


P = TypeVar("P", bound=Plan)


class Guard:
    """Asks for every change it is shown, in the way the rules and the host allow.

    `account` names whose contacts these are and is part of what is bound; `account_line` is the
    first line of every question.
    """

    def __init__(
        self,
        approvals: Approvals,
        restraint: Restraint,
        rules: Rules,
        audit: AuditLog,
        *,
        account: Callable[[], str],
        account_line: Callable[[], Awaitable[str]],
    ) -> None:
        self._approvals = approvals
        self._restraint = restraint
        self._rules = rules
        self._audit = audit
        self._account = account
        self._confirmation = Confirmation(
            approvals, restraint, rules, account=account, account_line=account_line
        )
        self.words = self._confirmation.words
        self.already = self._confirmation.already

    async def decide(
        self, change: Change, propose: Callable[[], Awaitable[P]]
    ) -> tuple[P, Approved] | Stopped | Asked:
        """What `propose` would do and leave to do it; or why not.

        Raises StateError and StateRejectedError: then not.
        """
        try:
            return await self._decided(change, await propose(), propose)
        except SentError:
            # Another call that took the same approval may just have made the change.
            told = await self.already(change)
            if told is None:
                raise
            return told

    async def _decided(
        self, change: Change, plan: P, propose: Callable[[], Awaitable[P]]
    ) -> tuple[P, Approved] | Stopped | Asked:
        for asked in range(MOST_FORMS + 1):
            question, account = plan.question, self._account()
            if question is None:
                return plan, Approved(new_idempotency_key(), "not needed")
            approved = await self._without_asking(change, question)
            if approved is not None:
                return plan, approved
            if asked == MOST_FORMS:
                break
            decision = await self._confirmation.confirmed(change, question, again=asked > 0)
            if isinstance(decision, Stopped | Asked):
                return decision
            if decision.approval_id is not None:
                return plan, await self._counted(change, question, decision)
            # While the form was open the record may have become another one.
            plan, shown = await propose(), question
            now = plan.question
            here = account == self._account()
            if here and now is not None and await self._confirmation.same(change, shown, now):
                return plan, await self._counted(change, now, decision)
        why = "What was approved changed again and again while it was asked about."
        undone = "" if plan.question is None else plan.question.undone
        return Stopped("expired", f"{undone} {why}")

    async def finish(
        self, approved: Approved, status: str, ids: tuple[str, ...], *, changed: int
    ) -> None:
        """Record what came of it, so that the same approval used again only tells.

        `changed` of the contacts that were counted stay counted. A store that fails here must not
        hide what was done; the approval stays used.
        """
        try:
            if approved.approval_id is not None:
                await self._approvals.finish(approved.approval_id, status, ids)
            if approved.counted[changed:]:
                left = approved.counted[changed:]
                await self._restraint.unchanged(approved.counted_for, left)
        except StateError as error:
            _log.warning("the outcome %s could not be recorded: %s", status, error.code)

    @asynccontextmanager
    async def audited(self, change: Change) -> AsyncGenerator[Line]:
        """Inside, the call is made; at its end, whatever it is, one line is written about it."""
        line, arguments = Line(_target(change)), ""

        def entry() -> Entry:
            return Entry(change.host.caller, change.tool, arguments=arguments, **asdict(line))

        with self._audit.about(entry):
            try:
                arguments = await self._fingerprint(change)
                yield line
            except SentError as error:
                line.outcome, line.request_id = error.code, error.request_id
                raise
            except Exception as error:
                line.outcome = "TIMEOUT" if isinstance(error, TimeoutError) else "INTERNAL"
                raise
            finally:
                if line.outcome == CANCELLED:
                    line.outcome = _at_the_end(line, change)

    async def _fingerprint(self, change: Change) -> str:
        if not self._audit.enabled:
            return ""
        try:
            return tokens.digest(await self._approvals.key(), dict(change.arguments))
        except StateError as error:
            return error.code

    async def _without_asking(self, change: Change, question: Question) -> Approved | None:
        key = question.idempotency_key or new_idempotency_key()
        if self._rules.mode == "off":
            return Approved(key, "off")
        if question.agreed:
            return await self._counted(change, question, Approved(key, "before"))
        if question.is_always_asked or change.token is not None or change.host.state is not None:
            return None
        by = who(change, self._account())
        counted = await self._restraint.free(by, question.metered)
        if counted is None:
            return None
        return Approved(key, "not needed", counted=counted, counted_for=by)

    async def _counted(self, change: Change, question: Question, approved: Approved) -> Approved:
        if not question.metered:
            return approved
        # An approval is taken by now: a cancellation here would use it up.
        with anyio.CancelScope(shield=True):
            try:
                by = who(change, self._account())
                rows = await self._restraint.approved(by, question.metered)
                approved = replace(approved, counted=rows, counted_for=by)
            except StateError as error:
                _log.warning("an approved change could not be counted: %s", error.code)
        return approved


def _at_the_end(line: Line, change: Change) -> str:
    """What came of a call that was cut off. Nobody cancels what was confirmed but its process."""
    if line.confirmed is not None:
        return "outcome_unknown"
    return "TIMEOUT" if change.time.is_over else CANCELLED


def _target(change: Change) -> str:
    numbers = change.arguments.get("phone_numbers")
    if isinstance(numbers, list) and numbers:
        return f"{len(numbers)} entries"
    names = ("contact_id", "phone_number", "to", "import_id")
    named = [change.arguments.get(name) for name in names]
    flat = (part for each in named for part in (each if isinstance(each, list) else [each]))
    return " ".join(str(each) for each in flat if each is not None)

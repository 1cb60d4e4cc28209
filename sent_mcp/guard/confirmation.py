"""How one question is asked, and what counts as a yes to it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sent_mcp.guard import token as tokens
from sent_mcp.guard.ask import Form, Heard, heard
from sent_mcp.guard.decision import (
    REFUSED,
    Approved,
    Asked,
    Change,
    Rules,
    StateRejectedError,
    Stopped,
)
from sent_mcp.guard.pending import VALID_SECONDS, Approvals, Held, new_idempotency_key, signed
from sent_mcp.guard.question import Question
from sent_mcp.guard.restraint import Restraint
from sent_mcp.quoting import one_line
from sent_mcp.state import Used

EXTENDED = 6
"""How many times longer a question may stay open while the host is told that we wait."""
_CHANGED = "What was approved has changed since, so this asks again."


class Confirmation:
    """Asks in the way the rules and the host allow, and reads what comes back."""

    def __init__(
        self,
        approvals: Approvals,
        restraint: Restraint,
        rules: Rules,
        *,
        account: Callable[[], str],
        account_line: Callable[[], Awaitable[str]],
    ) -> None:
        self._approvals = approvals
        self._restraint = restraint
        self._rules = rules
        self._account = account
        self._account_line = account_line

    async def words(self, question: Question) -> str:
        """The question as it is shown."""
        # However a line was made: it is one, and shows all it holds.
        return "\n".join(map(one_line, [await self._account_line(), *question.lines]))

    async def already(self, change: Change) -> Stopped | None:
        """What came of the approval that a call brings with it, if it was used before."""
        approval_id = await self._named(change)
        used = None if approval_id is None else await self._approvals.used(approval_id)
        return None if used is None or used.status == REFUSED else _already(used)

    async def same(self, change: Change, one: Question, other: Question) -> bool:
        """Whether a yes to one question is a yes to the other."""
        account = self._account()
        first = await self._approvals.binding(change, account, one)
        return first == await self._approvals.binding(change, account, other)

    async def confirmed(
        self, change: Change, question: Question, *, again: bool
    ) -> Approved | Stopped | Asked:
        """Leave to make the change; or the question, perhaps `again`; or why neither.

        Raises StateRejectedError.
        """
        silent = await self._restraint.silent_until(who(change, self._account()))
        if silent is not None:
            return Stopped(
                "declined",
                f"{question.undone} Three questions were refused within five minutes, so nothing is"
                f" asked and no answer counts before {silent}. Do not call again before.",
            )
        forms = self._rules.mode in ("auto", "ask") and change.host.can_ask
        if change.token is not None and self._rules.mode != "ask":
            return await self._by_token(change, question, change.token, forms=forms)
        if not forms:
            return await self._without_form(change, question)
        if change.host.state is not None:
            return await self._by_answer(change, question, change.host.state)
        if change.host.asks_between_calls:
            return await self._ask_between_calls(change, question)
        return await self._ask_in_call(change, question, again=again)

    async def _by_token(
        self, change: Change, question: Question, token: str, *, forms: bool
    ) -> Approved | Stopped:
        approval_id = tokens.read(
            await self._approvals.key(), token, signed(change, self._account())
        )
        if approval_id is None:
            why = "The token was not issued here for exactly this call."
            return await self._again(change, question, "token_rejected", why, token=not forms)
        found = await self._taken(change, question, approval_id, "token")
        if isinstance(found, Approved | Stopped):
            return found
        return await self._again(change, question, *found, token=not forms)

    async def _by_answer(
        self, change: Change, question: Question, state: str
    ) -> Approved | Stopped | Asked:
        approval_id = await self._named(change)
        if approval_id is None:
            raise StateRejectedError(question.undone)
        answer = change.host.answer
        if answer is None:
            return await self._ask_between_calls(change, question)
        if heard(answer, float("inf")) is Heard.YES:
            found = await self._taken(change, question, approval_id, "form")
            if isinstance(found, Approved | Stopped):
                return found
            status, why = found
            if status == "confirmation_required":
                return await self._ask_between_calls(change, question, why)
            return await self._again(change, question, status, why, token=False)
        dropped = await self._approvals.drop(approval_id)
        if dropped is None:
            why = "This question was answered before, or is too old."
            return await self._again(change, question, "expired", why, token=False)
        seconds = await self._approvals.now() - dropped.asked_at
        return await self._not_yes(change, question, heard(answer, seconds))

    async def _taken(
        self, change: Change, question: Question, approval_id: str, how: str
    ) -> Approved | Stopped | tuple[str, str]:
        """Leave to act, or what came of it before, or a status and why to ask again."""
        binding = await self._approvals.binding(change, self._account(), question)
        # Nothing is awaited between taking an approval and acting on it: a cancellation that came
        # in between would use it up.
        found = await self._approvals.take(approval_id, binding)
        if isinstance(found, Used):
            if found.status != REFUSED:
                return _already(found)
            return "confirmation_required", (
                "This approval was used, and the change was refused then; so this asks again."
            )
        if found is None:
            thing = (
                "token is too old"
                if how == "token"
                else "answer came too late, or after many other questions"
            )
            return "expired", f"The {thing}."
        if found.binding != binding:
            return "confirmation_required", _CHANGED
        return Approved(found.idempotency_key, how, approval_id)

    async def _ask_between_calls(self, change: Change, question: Question, why: str = "") -> Asked:
        seconds = self._rules.answer_seconds
        held = await self._approvals.hold(change, self._account(), question, seconds)
        key = await self._approvals.key()
        state = tokens.seal(key, held.approval_id, signed(change, self._account()))
        return Asked(await self._form(question, why), state)

    async def _ask_in_call(
        self, change: Change, question: Question, *, again: bool
    ) -> Approved | Stopped:
        extended = change.host.keeps_waiting
        wanted = min(self._rules.ask_seconds * (EXTENDED if extended else 1), VALID_SECONDS)
        seconds = change.time.for_asking(wanted, extended=extended)
        form = await self._form(question, _CHANGED if again else "")
        with change.time.standing_still(seconds, extended=extended):
            answer = await change.host.ask(form, seconds)
        if answer is Heard.YES:
            return Approved(question.idempotency_key or new_idempotency_key(), "form")
        return await self._not_yes(change, question, answer)

    async def _not_yes(self, change: Change, question: Question, answer: Heard) -> Stopped:
        if answer is Heard.UNABLE:
            return await self._without_form(change, question)
        if answer is Heard.NOBODY:
            message = (
                f"{question.undone} Nobody answered in time; ask again when the user is there."
            )
            return Stopped("expired", message, await self.words(question))
        await self._approvals.refuse(change, self._account(), question)
        await self._restraint.declined(who(change, self._account()))
        return Stopped(
            "declined",
            f"{question.undone} The user did not say yes. Ask again only if they want it.",
            await self.words(question),
        )

    async def _without_form(self, change: Change, question: Question) -> Stopped:
        if self._rules.mode != "ask":
            why = "Show the user the question; make the next call only if they agree."
            return await self._again(change, question, "confirmation_required", why)
        why = "this host showed none"
        if change.host.cannot_be_reached:
            why = "over HTTP only hosts that speak 2026-07-28 can be asked (or use stdio)"
        return Stopped(
            "cannot_confirm",
            f"{question.undone} SENT_MCP_CONFIRM=ask wants the answer from a form in the host, and"
            f" {why}. The operator can set it to auto or token.",
            await self.words(question),
        )

    async def _again(
        self, change: Change, question: Question, status: str, why: str, *, token: bool = True
    ) -> Stopped:
        """Nothing was done, and why; with a new token, except where the host itself can ask."""
        message = f"{question.undone} {why}".strip()
        words = await self.words(question)
        if not token:
            return Stopped(status, f"{message} A call without it asks the user anew.", words)
        held = await self._approvals.hold(change, self._account(), question, VALID_SECONDS)
        return Stopped(status, message, words, await self._token(change, question, held), _at(held))

    async def _token(self, change: Change, question: Question, held: Held) -> str:
        key, action = await self._approvals.key(), self._rules.mask(question.action)
        return tokens.mint(key, action, held.approval_id, signed(change, self._account()))

    async def _form(self, question: Question, why: str) -> Form:
        words = await self.words(question)
        return Form(f"{why}\n{words}" if why else words, question.action)

    async def _named(self, change: Change) -> str | None:
        """The approval that a call brings with it, if it is one of ours for exactly this call."""
        token, state = change.token, change.host.state
        if self._rules.mode == "off" or (token is None and state is None):
            return None
        to, key = signed(change, self._account()), await self._approvals.key()
        if token is not None and self._rules.mode != "ask":
            return tokens.read(key, token, to)
        return None if state is None else tokens.unseal(key, state, to)


def who(change: Change, account: str) -> str:
    """Who counts as one for limits: a caller, of one account."""
    return f"{change.host.caller} {account}"


def _at(held: Held) -> str:
    return datetime.fromtimestamp(held.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _already(used: Used) -> Stopped:
    at = datetime.fromtimestamp(used.at, UTC).strftime("%H:%M:%S UTC")
    if used.status is None:
        return Stopped(
            "outcome_unknown",
            f"This approval was used at {at} and its outcome is not known here. Nothing was done"
            " again. Read the current state before doing anything else.",
            repeated=True,
        )
    return Stopped(
        used.status,
        f"This approval was already used at {at}; the outcome then was: {used.status}. Nothing was"
        " done again.",
        repeated=True,
        ids=used.ids,
    )

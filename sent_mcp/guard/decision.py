"""What the guard is asked, and what it decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from sent_mcp.errors import RefusedError
from sent_mcp.guard.ask import Form, Host
from sent_mcp.guard.time_limit import TimeLimit

REFUSED = "refused"
"""Recorded for an approved change that Sent definitely refused; never a status of a result."""


@dataclass(frozen=True)
class Rules:
    """What the operator set: the mode, how long a question is open, and what a model may read.

    `ask_seconds` while a call waits for the answer, `answer_seconds` where none does.
    """

    mode: str
    ask_seconds: float
    answer_seconds: float
    mask: Callable[[str], str] = str


@dataclass(frozen=True)
class Change:
    """A call that would change something: the tool, its exact arguments, and who makes it."""

    tool: str
    arguments: Mapping[str, JsonValue]
    token: str | None
    host: Host
    time: TimeLimit


@dataclass(frozen=True)
class Approved:
    """Go ahead, with this idempotency key.

    `how` is "form", "token", "off", "before" or "not needed"; `approval_id` names the record that a
    token or a form consumed, and `counted` the contacts that were counted for the limit of ten, for
    the caller `counted_for`.
    """

    idempotency_key: str
    how: str
    approval_id: str | None = None
    counted: Sequence[int] = ()
    counted_for: str = ""

    @property
    def agreed(self) -> bool:
        """Whether somebody said yes to it, now or before."""
        return self.how not in ("not needed", "off")


@dataclass(frozen=True)
class Stopped:
    """Do nothing, and say this. With a token, a second call can go on.

    `repeated`: the approval was used before, and this is what came of it; `ids` are its messages.
    """

    status: str
    message: str
    question: str | None = None
    confirmation_token: str | None = None
    expires_at: str | None = None
    repeated: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Do nothing yet: the host shows this form, and calls again with the answer and the state."""

    form: Form
    state: str


class StateRejectedError(RefusedError):
    """An answer to no question that was asked here for exactly this call; `effect` as given.

    Its host wrote or changed the state itself, or brought it to another call: that is a wrong
    request and no result (MCP 2026-07-28, multi round-trip requests).
    """

    def __init__(self, effect: str) -> None:
        why = "the answer belongs to no question that was asked here for exactly this call"
        super().__init__(why, code="STATE_REJECTED")
        self.effect = effect

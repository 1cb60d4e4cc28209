"""Whoever counts what is done: told of every tool call and API request, never what was in them."""

from typing import Literal, Protocol

Outcome = Literal["ok", "error", "asked", "declined", "in_doubt", "cancelled"]
"""`asked`: nothing was done before somebody confirms; `in_doubt`: what was done is not known."""
UNKNOWN_TOOL = "unknown"
"""In place of the names of tools that do not exist: a client may have written anything there."""


class Observer(Protocol):
    """Must not raise and not wait: it is called in the middle of the work."""

    def tool_called(self, tool: str, outcome: Outcome, seconds: float) -> None:
        """One tool call is over; `tool` is one there is, or UNKNOWN_TOOL."""
        ...

    def api_requested(self, method: str, status: int | None, seconds: float) -> None:
        """One request to Sent is over; a `status` of None is no answer."""
        ...


class Unobserved:
    """Counts nothing."""

    def tool_called(self, tool: str, outcome: Outcome, seconds: float) -> None:
        """See Observer."""

    def api_requested(self, method: str, status: int | None, seconds: float) -> None:
        """See Observer."""

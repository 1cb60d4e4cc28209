"""The time of one call, which stands still while a person is asked."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio

WHOLE_SECONDS = 54.0
"""Hosts give a call a minute or less; some begin to count a little before we do."""
LEAST_SECONDS = 5.0
"""An approved action gets at least this long, however much time asking has cost."""


class TimeLimit:
    """Extends the deadline of `scope` by the time a question was open."""

    def __init__(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        self._end = anyio.current_time() + WHOLE_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether the call has run out of time."""
        return anyio.current_time() >= self._scope.deadline

    def for_asking(self, wanted: float, *, extended: bool) -> float:
        """How long a question may be open; `extended` where progress keeps the host waiting."""
        if extended:
            return wanted
        return max(0.0, min(wanted, self._end - 2 * LEAST_SECONDS - anyio.current_time()))

    @contextmanager
    def standing_still(self, seconds: float, *, extended: bool) -> Generator[None]:
        """While inside, for `seconds` at most, the call's own time does not run."""
        began = anyio.current_time()
        left = self._scope.deadline - began
        self._scope.deadline = began + seconds + left
        try:
            yield
        finally:
            deadline = anyio.current_time() + left
            self._scope.deadline = (
                deadline if extended else min(deadline, self._end - LEAST_SECONDS)
            )

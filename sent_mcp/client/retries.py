"""When a request is sent again, how long that waits, and what is known in the end."""

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio

from sent_mcp.client.answers import Request
from sent_mcp.client.budgets import Sleep
from sent_mcp.errors import APIConnectionError, APIStatusError, OutcomeUnknownError, SentError

if TYPE_CHECKING:
    from tenacity import RetryCallState

MOST_ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
SETTLE_SECONDS = 6.0
"""What reading again may take after a change whose answer was lost."""
_NEVER_AGAIN = (400, 401, 403, 404, 422)
_PROVES_NOTHING = (401, 403, 408, 429)

Result = TypeVar("Result")


class Deadline:
    """The time one call has: its own limit, and less when the caller's ends earlier."""

    MARGIN = 1.0
    """Seconds kept back from the caller's limit, to answer in words instead of being cut off."""

    def __init__(self, seconds: float, *, reserve: float = 0.0) -> None:
        """`reserve` seconds, at most half of all, are kept back for what comes after the call."""
        now = anyio.current_time()
        whole = min(seconds, anyio.current_effective_deadline() - self.MARGIN - now)
        self._end = now + max(whole - reserve, whole / 2)

    def left(self) -> float:
        """Seconds that are left, not below 0."""
        return max(0.0, self._end - anyio.current_time())


class Attempts:
    """All attempts of one call, and whether one of them may have got through."""

    def __init__(self, request: Request, deadline: Deadline, sleep: Sleep) -> None:
        self._request = request
        self._deadline = deadline
        self._sleep = sleep
        self._doubt = False

    async def run(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Call `attempt` until it succeeds, cannot be repeated, or time is up.

        Raises what the last attempt raised; OutcomeUnknownError when a change may have been done.
        """
        try:
            return await self._remembered(attempt)
        except SentError as error:
            failed = [error]
        try:
            return await self._repeated(attempt, failed)
        except SentError as error:
            if self._request.changes and (error.maybe_done or self._still_open(error)):
                raise OutcomeUnknownError(error) from error
            raise

    async def _remembered(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await attempt()
        except SentError as error:
            error.after_doubt = self._doubt
            self._doubt = self._doubt or error.maybe_done
            raise

    async def _repeated(
        self, attempt: Callable[[], Awaitable[Result]], failed: list[SentError]
    ) -> Result:
        """What comes after a first attempt that failed with what is in `failed`.

        That one was made without tenacity: a call that succeeds would pay more for it than for all
        else that is done here, and a start for loading it.
        """
        from tenacity import AsyncRetrying

        async def counted() -> Result:
            # The first attempt is judged, counted and waited after like any other.
            if failed:
                raise failed.pop()
            return await self._remembered(attempt)

        retrying = AsyncRetrying(
            retry=self._again, wait=_wait, stop=self._stop, sleep=self._sleep, reraise=True
        )
        return await retrying(counted)

    def _again(self, state: "RetryCallState") -> bool:
        error = _error(state)
        bulk = self._request.bulk
        if error is None or not _passing(error) or (bulk is not None and bulk.once):
            return False
        return self._request.repeatable or not error.maybe_done

    def _stop(self, state: "RetryCallState") -> bool:
        return (
            state.attempt_number >= MOST_ATTEMPTS or state.upcoming_sleep >= self._deadline.left()
        )

    def _still_open(self, error: SentError) -> bool:
        # Sent would have replayed the answer to this key, so its definite no says it never acted.
        # Only that something exists already may be the doubtful attempt's own doing.
        definite = (
            isinstance(error, APIStatusError)
            and 400 <= error.status < 500
            and error.status not in _PROVES_NOTHING
            and error.code != "RESOURCE_007"
        )
        return error.after_doubt and not definite


def _error(state: "RetryCallState") -> SentError | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, SentError) else None


def _passing(error: SentError) -> bool:
    if isinstance(error, APIConnectionError):
        return error.retryable
    if not isinstance(error, APIStatusError) or error.status in _NEVER_AGAIN:
        return False
    return error.retryable if error.should_retry is None else error.should_retry


def _wait(state: "RetryCallState") -> float:
    error = _error(state)
    asked = error.retry_after if isinstance(error, APIStatusError) else None
    if asked is not None:
        return asked * random.uniform(1.0, 1.1)
    doubled = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (state.attempt_number - 1))
    return doubled * random.uniform(0.75, 1.25)

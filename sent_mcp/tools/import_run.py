"""Creates one number after the other, a few at once, and tells what became of each."""

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from sent_mcp.errors import (
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    OutcomeUnknownError,
    RateLimitError,
    RefusedError,
    SentError,
    SettingsError,
)
from sent_mcp.tools.parallel import attempted
from sent_mcp.tools.registry import SentCall

AT_ONCE = 6
_MOST_TROUBLE = 3
"""In a row; after that it is not about one number, and going on would only make it worse."""
_TO_FINISH_SECONDS, _TO_ANSWER_SECONDS = 3.0, 1.0
"""Before the call's time is up: nothing is begun, and nothing is waited for."""
_OF_THE_ACCOUNT = (401, 402, 403)


@dataclass(frozen=True)
class Imported:
    """What became of a list of numbers: each was created, existed, failed, or remains.

    `doubtful` is of how many of the remaining nobody knows whether they were created. `trouble` is
    why numbers remain; None when the time was up.
    """

    created: int
    existing: int
    failed: tuple[tuple[str, str], ...]
    remaining: tuple[str, ...]
    doubtful: int
    trouble: SentError | None

    @property
    def did_nothing(self) -> bool:
        """Whether Sent let nobody in at all, because of the key."""
        decided = self.created or self.existing or self.failed or self.doubtful
        return not decided and isinstance(self.trouble, AuthenticationError | SettingsError)


async def run_import(call: SentCall, numbers: Sequence[str], key: str) -> Imported:
    """Make sure that each of the E.164 `numbers` is a contact, until the call's time is up.

    Every request has a key of its own that follows from `key`, so that doing it again does nothing.
    """
    end = anyio.current_effective_deadline()
    run = _Run(call, numbers, key, end - _TO_FINISH_SECONDS)
    with anyio.CancelScope(deadline=end - _TO_ANSWER_SECONDS):
        if call.dry_run:
            # Where Sent does not say that it only validates, it may create all that are tried.
            await run.until_one_is_made()
        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(run.work)
    return run.result()


class _Run:
    """One list, and how far it is."""

    def __init__(self, call: SentCall, numbers: Sequence[str], key: str, until: float) -> None:
        self._call = call
        self._contacts = call.client.bulk().contacts
        self._numbers = numbers
        self._key = key
        self._queue = deque(numbers)
        self._until = until
        self._made: dict[str, bool] = {}
        self._failed: dict[str, str] = {}
        self._doubtful: set[str] = set()
        self._in_a_row: dict[str, SentError] = {}
        self._trouble: SentError | None = None
        self._stopped = False

    def result(self) -> Imported:
        if not self._is_over:
            self._give_up()
        decided = self._made.keys() | self._failed.keys()
        created = sum(self._made.values())
        remaining = tuple(number for number in self._numbers if number not in decided)
        return Imported(
            created,
            len(self._made) - created,
            tuple(self._failed.items()),
            remaining,
            len(self._doubtful),
            self._trouble if remaining else None,
        )

    async def work(self) -> None:
        while self._queue and not self._is_over:
            await self.one()

    async def until_one_is_made(self) -> None:
        while self._queue and not self._is_over and not any(self._made.values()):
            await self.one()

    async def one(self) -> None:
        number = self._queue.popleft()
        self._doubtful.add(number)
        making = self._contacts.ensure(
            number,
            sandbox=self._call.dry_run,
            idempotency_key=_key_of(number, self._key),
        )
        self._note(number, await attempted(making))
        done, count = len(self._made) + len(self._failed), len(self._numbers)
        await self._call.progress(done, count, f"{done} of {count} numbers imported")

    @property
    def _is_over(self) -> bool:
        over = self._stopped or self._call.cancelled.is_set()
        return over or anyio.current_time() >= self._until

    def _note(self, number: str, outcome: bool | SentError) -> None:
        if not isinstance(outcome, OutcomeUnknownError):
            self._doubtful.discard(number)
        if not isinstance(outcome, SentError):
            self._made[number] = outcome
            self._go_on()
            return
        if _is_about_the_number(outcome):
            self._failed[number] = outcome.code
            self._go_on()
            return
        self._trouble = outcome
        self._in_a_row[number] = outcome
        real = self._call.dry_run and isinstance(outcome, OutcomeUnknownError)
        if real or _stops_all(outcome) or len(self._in_a_row) >= _MOST_TROUBLE:
            self._stopped = True

    def _go_on(self) -> None:
        """Sent is there: trouble with one or two numbers before was theirs."""
        if not self._is_over:
            self._give_up()

    def _give_up(self) -> None:
        # What may have been created remains: under the same key it can still be settled.
        self._failed |= {
            number: error.code
            for number, error in self._in_a_row.items()
            if not isinstance(error, OutcomeUnknownError)
        }
        self._in_a_row.clear()


def _is_about_the_number(error: SentError) -> bool:
    if not isinstance(error, APIStatusError) or error.retryable:
        return False
    return error.status not in _OF_THE_ACCOUNT


def _stops_all(error: SentError) -> bool:
    """Whether no other number would fare better now: the key, a limit, the budget, the time."""
    cause = error.cause if isinstance(error, OutcomeUnknownError) else error
    if isinstance(cause, APITimeoutError):
        return not cause.maybe_done
    return isinstance(cause, AuthenticationError | SettingsError | RefusedError | RateLimitError)


def _key_of(number: str, key: str) -> str:
    return f"sent-mcp-{hashlib.sha256(f'{key} {number}'.encode()).hexdigest()}"

"""Finds out about many numbers in as few requests as it can.

With N numbers and an address book of P pages: one request for one number; else at most
min(N + 1, P) while the book stands still, and at most 2 × P when it moved.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from sent_mcp.client import BulkClient
from sent_mcp.client.address_book import PAGE_SIZE
from sent_mcp.errors import (
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    PermissionDeniedError,
    RefusedError,
    SentError,
    SettingsError,
)
from sent_mcp.reach.sightings import OnAbsent, OnFound, Sighting, Sightings
from sent_mcp.reach.walk import Walk

AT_ONCE = 8
"""A key that is refused meanwhile is refused so often; Sent locks it after ten (API §5)."""
_MOST_FAILURES = 3
"""In a row; after that Sent is in trouble, and asking on would only make it worse."""
_FINAL = (AuthenticationError, PermissionDeniedError, RefusedError, SettingsError)
"""What the next request would meet as well."""
OnProgress = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Checked:
    """What came of a list of numbers. Each is in one of `found`, `absent` and `open`.

    `open` are in the order they were given: there was no time, no budget or no answer for them, or
    the address book changed so much that nothing is certain. `timed_out` and `trouble` say which.
    `as_of` is the time of the first answer by Sent's clock.
    """

    found: dict[str, Sighting]
    absent: tuple[str, ...]
    open: tuple[str, ...]
    requests: int
    as_of: datetime | None
    trouble: SentError | None
    timed_out: bool


async def _silent(decided: int) -> None:
    pass


def _unheard(number: str, sighting: Sighting | None = None) -> None:
    pass


async def check_numbers(
    client: BulkClient,
    numbers: Sequence[str],
    *,
    seconds: float | None = None,
    most_requests: int | None = None,
    on_progress: OnProgress = _silent,
    on_found: OnFound = _unheard,
    on_absent: OnAbsent = _unheard,
) -> Checked:
    """Look for E.164 `numbers`, each given once, until all are decided or `seconds` have passed.

    With `seconds`, pages are read only where all of them fit into the budget; without, it takes the
    time it takes. `most_requests` limits what it starts. `on_progress` hears after each request
    how many numbers are decided, `on_found` and `on_absent` of each one as it is. Raises SentError
    when the first request fails; what fails later leaves numbers open.
    """
    check = _Check(client, numbers, most_requests, on_progress, on_found, on_absent)
    with anyio.move_on_after(seconds) as scope:
        await check.run(patient=seconds is None)
    return check.result(cut_off=scope.cancelled_caught)


class _Check:
    """One list of numbers, and how far it is."""

    def __init__(
        self,
        client: BulkClient,
        numbers: Sequence[str],
        most_requests: int | None,
        on_progress: OnProgress,
        on_found: OnFound,
        on_absent: OnAbsent,
    ) -> None:
        self._client = client
        self._seen = Sightings(numbers, on_found, on_absent)
        self._limit: float = float("inf") if most_requests is None else most_requests
        self._on_progress = on_progress
        self._trouble: SentError | None = None
        self._begun = 0
        self._failures = 0
        self._walk = Walk()
        self._pages = 1
        self._queue: deque[str] | None = None

    def result(self, *, cut_off: bool) -> Checked:
        seen, trouble = self._seen, self._trouble
        return Checked(
            seen.found,
            tuple(seen.absent),
            tuple(seen.open),
            self._client.requests,
            seen.as_of,
            trouble,
            cut_off or (isinstance(trouble, APITimeoutError) and not trouble.maybe_done),
        )

    async def run(self, *, patient: bool) -> None:
        if len(self._seen) > 1:
            await self._browse(patient)
        elif self._seen:
            await self._look_up(self._seen.open[0])
        await self._on_progress(self._seen.decided)

    async def _browse(self, patient: bool) -> None:
        began = anyio.current_time()
        await self._read_page(self._walk.begin())
        each = anyio.current_time() - began
        if self._walk.left and not await self._fits(self._walk.left, each, patient):
            self._queue = deque(self._seen.open)
        await self._work(self._page_or_number)
        await self._settle()

    async def _settle(self) -> None:
        """What nobody has seen is absent if the whole book was seen; else it is looked up."""
        if self._queue is not None:
            return
        late = self._walk.is_whole and self._walk.missed_newcomers
        if late and self._seen and not self._stopped:
            # They were none at the beginning; but who came last is shown first, for one request.
            await self._tried(self._read_page(1))
        if self._concluded():
            return
        if len(self._seen) > self._requests_left >= self._walk.pages:
            await self._read_again()
            if self._concluded():
                return
        self._queue = deque(self._seen.open[: int(self._requests_left)])
        await self._work(self._number)

    async def _read_again(self) -> None:
        self._walk = Walk()
        await self._tried(self._read_page(self._walk.begin()))
        if self._walk.left <= self._requests_left:
            await self._work(self._page)

    def _concluded(self) -> bool:
        if self._walk.is_whole:
            self._seen.miss_the_rest()
        return self._stopped or not self._seen

    async def _fits(self, pages: int, seconds_each: float, patient: bool) -> bool:
        """Whether so many pages can be read in the time and from the budget there is."""
        if patient:
            return pages <= self._requests_left
        left = anyio.current_effective_deadline() - anyio.current_time()
        in_time = left / max(seconds_each, 0.001) * AT_ONCE
        return pages <= min(in_time, await self._client.room(), self._requests_left)

    @property
    def _requests_left(self) -> float:
        """Never more than each page twice, retries counted; one that begins is no longer left."""
        most = min(self._limit, 2 * self._pages)
        return max(0, most - max(self._client.requests, self._begun))

    @property
    def _stopped(self) -> bool:
        if self._requests_left == 0 or isinstance(self._trouble, _FINAL):
            return True
        return self._failures >= _MOST_FAILURES

    def _page_or_number(self) -> Awaitable[None] | None:
        """Pages, until looking up what is still open takes fewer requests than the rest of them."""
        if self._queue is None and len(self._seen) < self._walk.left:
            self._queue = deque(self._seen.open)
        return self._page() if self._queue is None else self._number()

    def _page(self) -> Awaitable[None] | None:
        return self._read_page(self._walk.begin()) if self._walk.left else None

    def _number(self) -> Awaitable[None] | None:
        while self._queue:
            number = self._queue.popleft()
            if self._seen.is_open(number):
                return self._look_up(number)
        return None

    async def _work(self, next_job: Callable[[], Awaitable[None] | None]) -> None:
        """Do one job after the other, a few at once, until there are none or all is known."""
        async with anyio.create_task_group() as tasks:

            async def worker() -> None:
                while self._seen and not self._stopped and (job := next_job()) is not None:
                    await self._tried(job)
                    await self._on_progress(self._seen.decided)
                if not self._seen:
                    tasks.cancel_scope.cancel()

            for _ in range(AT_ONCE):
                tasks.start_soon(worker)

    async def _tried(self, job: Awaitable[None]) -> None:
        try:
            await job
            self._failures = 0
        except BadRequestError as error:
            # Sent refuses this one number: it stays open, and those after it are asked about.
            self._trouble = error
        except SentError as error:
            self._trouble = error
            self._failures += 1

    async def _read_page(self, page: int) -> None:
        walk = self._walk
        self._begun += 1
        answer = await self._client.contacts.list(page=page, page_size=PAGE_SIZE)
        walk.add(page, answer)
        self._pages = max(self._pages, walk.pages)
        self._seen.read(answer.timestamp)
        for contact in answer.data.contacts:
            self._seen.see(contact, answer.timestamp)

    async def _look_up(self, number: str) -> None:
        self._begun += 1
        answer = await self._client.contacts.find_by_phone(number)
        self._seen.read(answer.timestamp)
        if answer.data is None:
            self._seen.miss(number)
        else:
            self._seen.see(answer.data, answer.timestamp)

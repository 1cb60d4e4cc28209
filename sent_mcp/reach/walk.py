"""One walk through the pages of an address book that may change meanwhile."""

from datetime import datetime, timedelta
from math import ceil

from sent_mcp.client import Answer
from sent_mcp.client.address_book import PAGE_SIZE
from sent_mcp.models import Contact, ContactPage

_SAME_MOMENT = timedelta(seconds=1)
"""A date in whole seconds may be that much too early."""


class Walk:
    """Which pages were begun, and how many of the contacts of its beginning were seen.

    Its beginning is the first answer, for which the caller waits before any other page.
    """

    def __init__(self) -> None:
        self.pages = 1
        self._next = 1
        self._totals: list[int] = []
        self._began: datetime | None = None
        self._ids: set[int] = set()
        self._recent: set[int] = set()
        self._undated: set[int] = set()
        self._newcomers: set[int] = set()

    @property
    def left(self) -> int:
        """How many pages nobody has begun to read."""
        return max(0, self.pages - self._next + 1)

    def begin(self) -> int:
        """The number of the next page, which the caller reads."""
        self._next += 1
        return self._next - 1

    def add(self, number: int, answer: Answer[ContactPage]) -> None:
        """Note what the page with this number shows."""
        where, known = answer.data.pagination, len(self._ids)
        first = not self._totals
        if first:
            self._began = answer.timestamp
        self._totals.append(where.total_count)
        for contact in answer.data.contacts:
            self._note(contact, first=first)
        size = where.page_size if 0 < where.page_size < PAGE_SIZE else PAGE_SIZE
        pages = max(where.total_pages, ceil(where.total_count / size))
        if where.has_more and pages <= number and len(self._ids) > known:
            pages = number + 1
        self.pages = max(self.pages, pages)

    @property
    def is_whole(self) -> bool:
        """Whether every contact there was at the beginning was seen: who was not seen was none.

        A contact that goes moves all behind it forward, one that comes moves them back, onto pages
        that were read already or once more. So the total and the pages say nothing about a book
        that moved; as many different old contacts as there were in all are all of them. Where one
        went, another may have come back with its old date, so that nothing follows.
        """
        if not self._totals or min(self._totals) < self._totals[0]:
            return False
        moved = max(self._totals) > self._totals[0]
        uncertain = len(self._recent) + (len(self._undated) if moved else 0)
        return self._totals[0] == len(self._ids) - uncertain

    @property
    def missed_newcomers(self) -> bool:
        """Whether contacts came meanwhile that were not seen, as far as the totals tell."""
        first, largest = self._totals[0], max(self._totals)
        return largest > first + len(self._newcomers)

    def _note(self, contact: Contact, *, first: bool) -> None:
        # Ids as hashes: of 200,000 contacts they take a third of the space.
        number, made, began = hash(contact.id), contact.created_at, self._began
        if began is None or (made is not None and made > began):
            self._newcomers.add(number)
        elif number not in self._ids:
            self._ids.add(number)
            # Those of the first answer are of the beginning, whenever they came.
            if made is None and not first:
                self._undated.add(number)
            elif made is not None and made > began - _SAME_MOMENT and not first:
                self._recent.add(number)

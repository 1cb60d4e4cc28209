"""One walk through the pages of an address book that may change meanwhile."""

from datetime import datetime
from math import ceil

from sent_mcp.client import Answer
from sent_mcp.client.address_book import PAGE_SIZE
from sent_mcp.models import ContactPage


class Walk:
    """Which pages were begun, and how many of the contacts of its beginning were seen.

    Its beginning is the first answer, for which the caller waits before any other page.
    """

    def __init__(self) -> None:
        self.pages = 1
        self._next = 1
        self._total: int | None = None
        self._largest = 0
        self._began: datetime | None = None
        self._ids: set[int] = set()
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
        if self._total is None:
            self._total, self._began = where.total_count, answer.timestamp
        self._largest = max(self._largest, where.total_count)
        for contact in answer.data.contacts:
            # Ids as hashes: of 200,000 contacts they take a third of the space.
            ids = self._ids if self._is_old(contact.created_at) else self._newcomers
            ids.add(hash(contact.id))
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
        that moved; as many different old contacts as there were in all are all of them.
        """
        return self._total == len(self._ids)

    @property
    def missed_newcomers(self) -> bool:
        """Whether contacts came meanwhile that were not seen, as far as the totals tell."""
        return self._total is not None and self._largest > self._total + len(self._newcomers)

    def _is_old(self, created_at: datetime | None) -> bool:
        # What is made now has its time; without one it is a contact of long ago.
        return self._began is not None and (created_at is None or created_at <= self._began)

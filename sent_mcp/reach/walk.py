"""One walk through the pages of an address book that may change meanwhile."""

from itertools import pairwise
from math import ceil

from sent_mcp.client.address_book import PAGE_SIZE
from sent_mcp.models import ContactPage


class Walk:
    """Which pages were begun, how many contacts there should be, and how many were seen."""

    def __init__(self, pages: int = 1) -> None:
        self.pages = pages
        self._next = 1
        self._totals: list[int] = []
        self._ids: set[int] = set()

    @property
    def left(self) -> int:
        """How many pages nobody has begun to read."""
        return max(0, self.pages - self._next + 1)

    def begin(self) -> int:
        """The number of the next page, which the caller reads."""
        self._next += 1
        return self._next - 1

    def add(self, number: int, page: ContactPage) -> None:
        """Note what the page with this number shows."""
        where, known = page.pagination, len(self._ids)
        self._totals.append(where.total_count)
        # Ids as hashes: of 200,000 contacts they take a third of the space.
        self._ids.update(hash(contact.id) for contact in page.contacts)
        size = where.page_size if 0 < where.page_size < PAGE_SIZE else PAGE_SIZE
        pages = max(where.total_pages, ceil(where.total_count / size))
        if not pages and where.has_more and len(self._ids) > known:
            pages = number + 1
        self.pages = max(self.pages, pages)

    @property
    def only_grew(self) -> bool:
        """Whether no contact went while this was read, as far as the totals tell."""
        return all(before <= after for before, after in pairwise(self._totals))

    @property
    def is_whole(self) -> bool:
        """Whether every contact there is was seen, so that who was not seen is none.

        A contact that is deleted moves all behind it forward, some onto a page that was read
        already: of a book that lost contacts nothing follows. A page that came twice shows fewer
        different contacts than there are.
        """
        return self.only_grew and self._totals[-1:] == [len(self._ids)]

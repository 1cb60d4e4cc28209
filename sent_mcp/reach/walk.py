"""One walk through the pages of an address book that may change meanwhile."""

from math import ceil

from sent_mcp.client.address_book import PAGE_SIZE
from sent_mcp.models import ContactPage


class Walk:
    """Which pages were read, and whether what they showed was one address book, standing still.

    A contact that is deleted moves all behind it forward, some onto a page that was read already;
    so of a book that moved, nothing follows about who was not seen in it.
    """

    def __init__(self) -> None:
        self.pages = 1
        self._next = 1
        self._read = 0
        self._totals: set[int] = set()
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
        self._read += 1
        self._totals.add(where.total_count)
        # Ids as hashes: of 200,000 contacts they take a third of the space.
        self._ids.update(hash(contact.id) for contact in page.contacts)
        size = where.page_size if 0 < where.page_size < PAGE_SIZE else PAGE_SIZE
        pages = max(where.total_pages, ceil(where.total_count / size))
        if not pages and where.has_more and len(self._ids) > known:
            pages = number + 1
        self.pages = max(self.pages, pages)

    @property
    def is_whole(self) -> bool:
        """Whether every page was read, and every contact of a book that did not move was there.

        A page that came twice shows fewer different contacts than there are.
        """
        all_read = self._read == self._next - 1 and self.left == 0
        return all_read and len(self._totals) == 1 and self._totals == {len(self._ids)}

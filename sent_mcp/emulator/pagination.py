"""`page` and `page_size`: read from a query, and written back beside a list (API §4)."""

import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from sent_mcp.emulator.envelope import Refusal, invalid

LARGEST_PAGE_SIZE = 100
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_INT32 = 2**31


@dataclass(frozen=True)
class Page:
    page: int
    page_size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


def read_page(query: QueryParams) -> Page:
    """The page asked for, by default the first of 20; refuses what the API refuses (API §3.2)."""
    page = read_integer(query, "page", 1)
    if page < 1:
        raise Refusal(400, "VALIDATION_005", "Page must be greater than 0")
    # `pageSize` was the wire name before SDK 0.9 (API §15 row 3).
    alias = "page_size" if "page_size" in query else "pageSize"
    page_size = read_integer(query, alias, 20)
    if not 1 <= page_size <= LARGEST_PAGE_SIZE:
        raise invalid("page_size", f"Page size must be between 1 and {LARGEST_PAGE_SIZE}")
    return Page(page, page_size)


def read_integer(query: QueryParams, name: str, default: int) -> int:
    """The 32-bit integer under `name`, or `default` when it is absent."""
    text = query.get(name)
    if text is None:
        return default
    if not _INTEGER.fullmatch(text) or abs(int(text)) >= _INT32:
        raise invalid(name, "Must be an integer")
    return int(text)


def pagination(page: Page, total: int) -> dict[str, object]:
    """The `pagination` object; cursors are never filled (API §4)."""
    total_pages = -(-total // page.page_size)
    return {
        "page": page.page,
        "page_size": page.page_size,
        "total_count": total,
        "total_pages": total_pages,
        "has_more": page.page < total_pages,
        "cursors": None,
    }

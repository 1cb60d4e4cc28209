"""Lists of contacts: one page as Sent has it, or several read through a filter."""

from collections.abc import Iterable, Mapping
from contextlib import aclosing

from sent_mcp.client import Answer, read_pages
from sent_mcp.client.address_book import PAGE_SIZE, ListContacts
from sent_mcp.models import ContactPage
from sent_mcp.tools.registry import Progress
from sent_mcp.tools.results import CONTACT_COLUMNS, Result, ShortContact, columns, next_call, short
from sent_mcp.tools.verdict import Reach, verdicts

MOST_SECONDS = 20.0


class ContactList(Result):
    """Contacts. With a filter: `scanned` were read, `complete` says whether that was all."""

    contacts: list[ShortContact]
    page: int
    page_size: int
    total_count: int
    total_pages: int
    has_more: bool
    scanned: int | None = None
    complete: bool | None = None
    next_page: int | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        return columns(CONTACT_COLUMNS, [contact.cells() for contact in self.contacts])


def one_page(page: ContactPage, filters: Mapping[str, str | None]) -> ContactList:
    """A page as Sent has it; `filters` are repeated in the next call."""
    where = page.pagination
    following = next_call(
        "list_contacts",
        page=where.page + 1,
        page_size=None if where.page_size == 20 else where.page_size,
        **filters,
    )
    return ContactList(
        message=(
            f"{len(page.contacts)} of {where.total_count} contacts,"
            f" page {where.page} of {where.total_pages}."
        ),
        next=following if where.has_more else None,
        contacts=[short(contact) for contact in page.contacts],
        page=where.page,
        page_size=where.page_size,
        total_count=where.total_count,
        total_pages=where.total_pages,
        has_more=where.has_more,
    )


async def filtered(
    list_contacts: ListContacts,
    *,
    first_page: int,
    wanted: int,
    reach: Reach | None,
    opt_out: bool | None,
    filters: Mapping[str, str | None],
    progress: Progress,
) -> ContactList:
    """Contacts that match, from pages of 100, until `wanted` are found, the end, or 20 s.

    A page is never cut: every match on the pages read is returned, so that `next_page` loses none.
    """
    matches: list[ShortContact] = []
    scanned, page = 0, None
    walk = read_pages(
        list_contacts,
        first_page=first_page,
        search=filters.get("search"),
        channel=filters.get("channel"),
        seconds=MOST_SECONDS,
    )
    async with aclosing(walk):
        async for answer in walk:
            page = answer.data.pagination
            scanned += len(answer.data.contacts)
            matches += _matching(answer, reach, opt_out)
            done = page.page - first_page + 1
            await progress(done, max(done, page.total_pages - first_page + 1), "pages read")
            if len(matches) >= wanted:
                break
    if page is None:
        raise RuntimeError("read_pages gives at least one page or raises")
    following = page.page + 1 if page.has_more else None
    again = next_call(
        "list_contacts",
        page=following,
        page_size=None if wanted == 20 else wanted,
        reach=reach,
        opt_out=opt_out,
        **filters,
    )
    rest = f", then ask for page {following} for the rest" if following else ""
    return ContactList(
        message=f"{len(matches)} of {scanned} contacts read match{rest}.",
        next=again if following else None,
        contacts=matches,
        page=first_page,
        page_size=PAGE_SIZE,
        total_count=page.total_count,
        total_pages=page.total_pages,
        has_more=page.has_more,
        scanned=scanned,
        complete=not page.has_more,
        next_page=following,
    )


def _matching(
    answer: Answer[ContactPage], reach: Reach | None, opt_out: bool | None
) -> Iterable[ShortContact]:
    for contact in answer.data.contacts:
        reached = reach is None or verdicts(contact, answer.timestamp).reach == reach
        if reached and (opt_out is None or (contact.opt_out or False) == opt_out):
            yield short(contact)

"""Lists of contacts: one page as Sent has it, or several read through a filter."""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass

from sent_mcp.client import Answer, read_pages
from sent_mcp.client.address_book import PAGE_SIZE, ListContacts
from sent_mcp.models import ContactPage, Pagination
from sent_mcp.reach.verdict import Reach, verdicts
from sent_mcp.tools.registry import Progress
from sent_mcp.tools.results import CONTACT_COLUMNS, Result, ShortContact, columns, next_call, short

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


def page_sentence(what: str, shown: int, where: Pagination) -> str:
    """Where in a list a page stands, also past its end."""
    if where.page > max(1, where.total_pages):
        return f"There is no page {where.page}; the last is {where.total_pages}."
    return (
        f"{shown} of {where.total_count} {what}, page {where.page} of {max(1, where.total_pages)}."
    )


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
        message=page_sentence("contacts", len(page.contacts), where),
        next=following if where.has_more else None,
        contacts=[short(contact) for contact in page.contacts],
        page=where.page,
        page_size=where.page_size,
        total_count=where.total_count,
        total_pages=where.total_pages,
        has_more=where.has_more,
    )


@dataclass(frozen=True)
class Filter:
    """What contacts must be like. Sent itself filters by `search` and `channel`."""

    reach: Reach | None = None
    opt_out: bool | None = None
    search: str | None = None
    channel: str | None = None

    def matching(self, answer: Answer[ContactPage]) -> Iterable[ShortContact]:
        """The contacts of one page that match."""
        for contact in answer.data.contacts:
            reached = self.reach in (None, verdicts(contact, answer.timestamp).reach)
            if reached and self.opt_out in (None, contact.opt_out or False):
                yield short(contact)


async def filtered(
    list_contacts: ListContacts,
    wanted: Filter,
    *,
    first_page: int,
    at_least: int,
    progress: Progress,
) -> ContactList:
    """Contacts that match, from pages of 100, until `at_least` are found, the end, or 20 s.

    A page is never cut: every match on the pages read is returned, so that `next_page` loses none.
    """
    matches: dict[str, ShortContact] = {}
    totals: set[int] = set()
    scanned, last = 0, Pagination(page=first_page, page_size=PAGE_SIZE)
    walk = read_pages(
        list_contacts,
        first_page=first_page,
        search=wanted.search,
        channel=wanted.channel,
        seconds=MOST_SECONDS,
    )
    async with aclosing(walk):
        async for answer in walk:
            last = answer.data.pagination
            scanned += len(answer.data.contacts)
            totals.add(last.total_count)
            matches |= {contact.id: contact for contact in wanted.matching(answer)}
            done = last.page - first_page + 1
            await progress(done, max(done, last.total_pages - first_page + 1), "pages read")
            if len(matches) >= at_least:
                break
    found = ContactList(
        message=_matched(len(matches), scanned, last, moved=len(totals) > 1),
        contacts=list(matches.values()),
        page=first_page,
        page_size=PAGE_SIZE,
        total_count=last.total_count,
        total_pages=last.total_pages,
        has_more=last.has_more,
        scanned=scanned,
        complete=not last.has_more and len(totals) <= 1,
    )
    return _continued(found, wanted, last.page + 1, at_least) if last.has_more else found


def _matched(matches: int, scanned: int, last: Pagination, *, moved: bool) -> str:
    if not scanned:
        return page_sentence("contacts", 0, last)
    doubt = " Contacts came or went meanwhile: one may be missing." if moved else ""
    total = last.total_count
    return f"{matches} of the {scanned} contacts read match; there are {total} in all.{doubt}"


def _continued(found: ContactList, wanted: Filter, page: int, at_least: int) -> ContactList:
    size = None if at_least == 20 else at_least
    again = next_call("list_contacts", page=page, page_size=size, **asdict(wanted))
    message = f"{found.message} Page {page} goes on."
    return found.model_copy(update={"message": message, "next": again, "next_page": page})

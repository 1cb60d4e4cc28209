"""Walks through the address book page by page."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable

import anyio

from sent_mcp.client.answers import Answer
from sent_mcp.errors import APITimeoutError, RefusedError
from sent_mcp.models.contacts import ContactPage

PAGE_SIZE = 100
MOST_PAGES = 10_000
"""A million contacts; only an API that never stops saying `has_more` gets there."""

ListContacts = Callable[..., Awaitable[Answer[ContactPage]]]


async def read_pages(
    list_contacts: ListContacts,
    *,
    first_page: int = 1,
    search: str | None = None,
    channel: str | None = None,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[Answer[ContactPage]]:
    """Pages of 100 from `first_page` on, until the end, an empty page, or `seconds` have passed.

    The first page raises what `list_contacts` raises; later ones that time or budget no longer
    allow just end the walk. The last page given says with `has_more` whether there is more.
    `list_contacts` is `SentClient.contacts.list` or, without filters, v1's.
    """
    end = clock() + seconds
    given = {"search": search, "channel": channel}
    filters = {name: value for name, value in given.items() if value is not None}
    for page in range(first_page, first_page + MOST_PAGES):
        left = end - clock()
        if page > first_page and left <= 0:
            return
        try:
            answer = await _in_time(list_contacts(page=page, page_size=PAGE_SIZE, **filters), left)
        except (APITimeoutError, RefusedError):
            if page == first_page:
                raise
            return
        yield answer
        if not (answer.data.pagination.has_more and answer.data.contacts):
            return


async def _in_time(answer: Awaitable[Answer[ContactPage]], seconds: float) -> Answer[ContactPage]:
    try:
        with anyio.fail_after(max(seconds, 0)):
            return await answer
    except TimeoutError as error:
        raise APITimeoutError(f"no page within {seconds:.0f} s", maybe_done=False) from error

"""Walking through the address book."""

import anyio
import httpx
import pytest

from sent_mcp.client import Answer, read_pages
from sent_mcp.errors import APIConnectionError, APITimeoutError, InternalServerError, RefusedError
from sent_mcp.models import Contact, ContactPage, Pagination
from tests.client.wire import CONTACT, Wire, failed, ok, page


async def test_it_reads_pages_of_a_hundred_until_there_is_no_more() -> None:
    """With the same filters on each."""
    wire = Wire(ok(page(CONTACT, has_more=True)), ok(page(CONTACT, has_more=False)))
    client = wire.client()
    pages = [
        answer
        async for answer in read_pages(
            client.contacts.list, first_page=3, search="415", channel="sms", seconds=20
        )
    ]
    await client.aclose()
    assert len(pages) == 2
    assert [dict(request.url.params) for request in wire.requests] == [
        {"page": number, "page_size": "100", "search": "415", "channel": "sms"}
        for number in ("3", "4")
    ]


async def test_an_empty_page_ends_the_walk_whatever_it_says() -> None:
    """As the official SDK's iterator does (API §4)."""
    wire = Wire(ok(page(has_more=True)))
    client = wire.client()
    assert len([answer async for answer in read_pages(client.contacts.list, seconds=20)]) == 1
    await client.aclose()


async def test_the_legacy_list_can_be_walked_too() -> None:
    """It takes no filters, so none are given."""
    contact = {"id": "a", "phoneNumber": "+14155551234"}
    pages = [
        httpx.Response(200, json={"items": [contact], "page": number, "totalPages": 2})
        for number in (0, 1)
    ]
    wire = Wire(*pages)
    client = wire.v1_client()
    assert len([answer async for answer in read_pages(client.contacts.list, seconds=20)]) == 2
    await client.aclose()


class Endless:
    """A list without an end, on a clock that each page moves."""

    def __init__(self, seconds: float = 1.0, error: Exception | None = None) -> None:
        self.now = 0.0
        self.calls = 0
        self._seconds = seconds
        self._error = error

    def clock(self) -> float:
        return self.now

    async def list(self, *, page: int, page_size: int) -> Answer[ContactPage]:
        self.calls += 1
        if self._error is not None and self.calls > 2:
            raise self._error
        self.now += self._seconds
        pagination = Pagination(page=page, page_size=page_size, has_more=True)
        return Answer(
            ContactPage(contacts=(Contact(id="a", phone_number="+1"),), pagination=pagination)
        )


async def test_it_stops_when_time_is_up() -> None:
    """The last page says that there is more."""
    endless = Endless()
    pages = [answer async for answer in read_pages(endless.list, seconds=2.5, clock=endless.clock)]
    assert len(pages) == 3
    assert pages[-1].data.pagination.has_more


async def test_it_stops_after_a_hard_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that never says that it is over must not hold us for ever."""
    monkeypatch.setattr("sent_mcp.client.address_book.MOST_PAGES", 7)
    endless = Endless(seconds=0)
    pages = [answer async for answer in read_pages(endless.list, seconds=9, clock=endless.clock)]
    assert len(pages) == 7


@pytest.mark.parametrize("error", [APITimeoutError("slow"), RefusedError("no budget")])
async def test_time_and_budget_that_run_out_on_the_way_keep_what_was_read(error: Exception) -> None:
    """Only as a first page they are errors."""
    endless = Endless(error=error)
    pages = [answer async for answer in read_pages(endless.list, seconds=9, clock=endless.clock)]
    assert len(pages) == 2
    with pytest.raises(type(error)):
        await anext(aiter(read_pages(endless.list, seconds=9)))


async def test_another_error_on_the_way_is_raised() -> None:
    """A list with a hole would look complete."""
    wire = Wire(ok(page(CONTACT, has_more=True)), *[failed(500, "INTERNAL_001")] * 4)
    client = wire.client()
    pages = read_pages(client.contacts.list, seconds=20)
    await anext(aiter(pages))
    with pytest.raises(InternalServerError):
        await anext(aiter(pages))
    await client.aclose()


async def test_the_caller_may_stop_early() -> None:
    """No page is read ahead."""
    endless = Endless()
    async for _ in read_pages(endless.list, seconds=9, clock=endless.clock):
        break
    assert endless.calls == 1


async def test_a_first_page_that_takes_too_long_is_a_timeout_of_the_walk() -> None:
    """Its text is ours, not a bare TimeoutError."""

    async def never(*, page: int, page_size: int) -> Answer[ContactPage]:
        await anyio.sleep_forever()
        raise AssertionError((page, page_size))

    with pytest.raises(APIConnectionError, match="TIMEOUT"):
        await anext(aiter(read_pages(never, seconds=0)))

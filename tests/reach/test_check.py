"""How many requests a list of numbers takes, and what the pages of an odd API tell of it."""

from collections.abc import Callable
from datetime import timedelta

import anyio
import pytest
from pydantic import JsonValue

from sent_mcp.reach import check_numbers
from sent_mcp.reach.check import AT_ONCE
from tests.reach.book import BEGAN, STRANGERS, Book, Pages, Person, checked, numbers


@pytest.mark.parametrize("contacts", [0, 1, 99, 100, 101, 250, 1_000, 1_001])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 11, 120, 500])
async def test_a_book_that_stands_still_takes_the_least_requests(contacts: int, count: int) -> None:
    """One for one number; else no more than pages, and one more than numbers."""
    book = Book.of(contacts)
    known = numbers(contacts)[: count // 2]
    asked = [*known, *STRANGERS][:count]
    result = await checked(book, asked)
    assert result.requests <= (1 if count == 1 else min(count + 1, book.pages))
    assert set(result.found) == set(asked) & set(known)
    assert set(result.absent) == set(asked) - set(known)
    assert result.trouble is None
    assert not result.timed_out


async def test_it_stops_as_soon_as_all_are_found() -> None:
    """The newest contacts are on the first page."""
    book = Book.of(1_000)
    result = await checked(book, numbers(1_000)[:50])
    assert (book.asked, result.open) == (["page 1"], ())


async def test_what_is_still_running_when_all_are_found_is_ended_and_counted() -> None:
    """It was asked for, though nobody waits for it."""
    book = Book.of(1_000)
    book.hold = lambda asked: asked not in ("page 1", "page 2")
    began = anyio.current_time()
    result = await checked(book, numbers(1_000)[50:150])
    assert anyio.current_time() - began < 10
    assert 2 < result.requests <= 10
    assert book.running == 0


async def test_the_time_told_is_that_of_the_first_answer() -> None:
    """So old may all be that is told."""
    book = Book.of(450)
    result = await checked(book, [*numbers(450)[200:], *STRANGERS])
    assert result.requests == 5
    assert result.as_of == BEGAN + timedelta(milliseconds=1)


async def test_single_look_ups_take_over_when_they_are_fewer_than_the_pages_left() -> None:
    """Most are found on the first pages."""
    book = Book.of(2_500)
    asked = [*numbers(2_500)[:150], numbers(2_500)[2_400], STRANGERS[0]]
    result = await checked(book, asked)
    assert STRANGERS[0] in book.asked
    assert result.absent == (STRANGERS[0],)
    assert result.requests < 25


async def test_who_is_on_a_page_under_way_is_not_looked_up_as_well() -> None:
    """The page may come before there is time for it."""
    book = Book.of(2_500)
    book.slow = lambda page: page * 2
    people = numbers(2_500)
    result = await checked(book, [*STRANGERS[:2], *people[100:122], *people[200:205]])
    assert not set(people) & set(book.asked)
    assert set(result.absent) == set(STRANGERS[:2])


async def test_pages_that_cannot_be_read_in_time_are_not_begun() -> None:
    """Single look-ups decide at least some."""
    book = Book.of(100)
    book.spoil = _told(total_count=30_000, total_pages=300)
    book.latency = lambda asked: 0.1 if asked == "page 1" else 0.0
    result = await checked(book, STRANGERS[:400], seconds=1.3)
    assert book.asked[:3] == ["page 1", *STRANGERS[:2]]
    assert not any(asked.startswith("page") for asked in book.asked[1:])
    assert len(result.absent) > 0


async def test_no_more_than_a_few_run_at_once() -> None:
    """A connection has room for them, and Sent for others."""
    for asked in (STRANGERS[:500], STRANGERS[:20]):
        book = Book.of(4_000)
        book.slow = lambda page: 5
        await checked(book, asked)
        assert 4 <= max(book.at_once) <= AT_ONCE <= 16


async def test_the_numbers_decided_are_told_as_they_grow() -> None:
    """After every request, and at last all of them."""
    book = Book.of(450)
    told: list[int] = []

    async def on_progress(decided: int) -> None:
        told.append(decided)

    async with book.client() as client:
        await check_numbers(client, [*numbers(450)[400:], *STRANGERS[:50]], on_progress=on_progress)
        assert told == sorted(told)
        assert told[-2:] == [50, 100]
        told.clear()
        await check_numbers(client, STRANGERS[:1], on_progress=on_progress)
        assert told == [1]


async def test_a_page_size_the_api_lowers_makes_more_pages() -> None:
    """The pages are those of the answer."""
    book = Book.of(150)
    book.most_per_page = 20
    result = await checked(book, [*numbers(150), *STRANGERS[:50]])
    assert result.requests == 8
    assert len(result.absent) == 50


def _told(**changes: JsonValue) -> Callable[[int, Pages], Pages]:
    """Changes what every page says of all pages."""

    def spoil(page: int, data: Pages) -> Pages:
        where = data["pagination"]
        assert isinstance(where, dict)
        return {**data, "pagination": {**where, **changes}}

    return spoil


async def test_pages_nobody_counted_are_those_that_hold_so_many() -> None:
    """By the page size of the answer."""
    book = Book.of(150)
    book.most_per_page = 20
    book.spoil = _told(total_pages=None)
    result = await checked(book, [*numbers(150), *STRANGERS[:50]])
    assert result.requests == 8
    assert len(result.absent) == 50


async def test_without_any_total_the_pages_are_read_while_there_are_more() -> None:
    """All are found; who is not, is not certain."""
    book = Book.of(300)
    book.spoil = _told(total_count=None, total_pages=None)
    result = await checked(book, numbers(300)[250:])
    assert (result.requests, result.open) == (3, ())
    assert len(result.found) == 50


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (10, 1), (299, 3), (301, 4), (5_000, 50)])
async def test_a_wrong_total_makes_nobody_a_stranger(total: int, pages: int) -> None:
    """Who is not seen is looked up."""
    book = Book.of(300)
    book.spoil = _told(total_count=total, total_pages=pages)
    result = await checked(book, [*numbers(300)[::7], *STRANGERS[:5]])
    assert set(result.absent) <= set(STRANGERS)
    assert not set(result.open) & set(result.found)
    assert result.requests <= 2 * max(pages, book.pages)


async def test_more_contacts_than_there_should_be_prove_nothing() -> None:
    """The pages end where the total says, and more are there."""
    book = Book.of(300)

    book.spoil = _told(total_count=150, total_pages=2, has_more=False)
    asked = numbers(300)[199:202]
    result = await checked(book, asked)
    assert set(result.found) == set(asked)
    assert result.requests <= 2 * 2


async def test_pages_that_never_end_end_when_they_bring_nothing_new() -> None:
    """An API that does not know `page` answers the first again and again."""
    book = Book.of(100)

    def spoil(page: int, data: Pages) -> Pages:
        first = [each.number for each in book.people]
        assert first
        return {
            "contacts": first_page["contacts"],
            "pagination": {
                "page": page,
                "page_size": 100,
                "total_count": 0,
                "total_pages": 0,
                "has_more": True,
            },
        }

    first_page: Pages = {}
    book.spoil = lambda page, data: first_page.update(data) or data
    await checked(book, STRANGERS[:3])
    book.asked.clear()
    book.spoil = spoil
    result = await checked(book, [*numbers(100)[:9], *STRANGERS[:2]])
    assert result.requests <= 4
    assert len(result.found) == 9


async def test_a_page_given_twice_makes_nobody_a_stranger() -> None:
    """It shows too few different contacts."""
    book = Book.of(300)
    kept: dict[int, Pages] = {}

    def spoil(page: int, data: Pages) -> Pages:
        kept[page] = data
        if page != 3:
            return data
        return {"contacts": kept[1]["contacts"], "pagination": data["pagination"]}

    book.spoil = spoil
    result = await checked(book, [*numbers(300)[298:], STRANGERS[0]])
    assert set(result.found) == set(numbers(300)[298:])
    assert result.absent == (STRANGERS[0],)
    assert result.requests <= 2 * 3


async def test_contacts_without_times_count_as_old_and_are_never_a_no() -> None:
    """Sent may not know when they came."""
    book = Book([Person(number, "sms", None) for number in numbers(150)])
    result = await checked(book, [*numbers(150), *STRANGERS[:50]])
    assert (result.requests, result.open) == (2, ())
    assert {each.verdicts.whatsapp for each in result.found.values()} == {"unknown"}
    assert not any(each.looking for each in result.found.values())


async def test_a_young_contact_is_looked_for_and_an_old_one_is_not() -> None:
    """Sixty seconds by Sent's clock; WhatsApp once found is a yes at any age."""
    ages = {"sms": (59, 61), "sms,whatsapp": (1, 61), "": (59, 3_600)}
    people = [
        Person(number, channels, BEGAN - timedelta(seconds=age))
        for number, (channels, age) in zip(
            numbers(6), [(name, age) for name, both in ages.items() for age in both], strict=True
        )
    ]
    result = await checked(Book(people), numbers(6))
    assert [result.found[each].verdicts.whatsapp for each in numbers(6)] == [
        "unknown", "no", "yes", "yes", "unknown", "unknown"
    ]  # fmt: skip
    assert [result.found[each].looking for each in numbers(6)] == [
        True, False, False, False, True, False
    ]  # fmt: skip

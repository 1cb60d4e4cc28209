"""While one contact goes another comes that looks old: nobody who is there is called absent."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sent_mcp.reach import Checked
from tests.reach.book import BEGAN, STRANGERS, Book, checked, numbers

PAGES = 3
SLIPPED = numbers(300)[100]
"""The first of page 2, which a deletion on page 1 moves onto page 1."""
RESTORED = numbers(1, start=900_000)[0]
LONG_AGO, SAME_SECOND = BEGAN - timedelta(days=300), BEGAN
"""Sent's clock ticks in milliseconds; its dates may be in whole seconds."""
Change = Callable[[Book], None]
dates = pytest.mark.parametrize(
    "made", [LONG_AGO, None, SAME_SECOND], ids=["restored", "without-a-date", "same-second"]
)


def delete(book: Book) -> None:
    """Takes out a contact that page 1 has shown."""
    book.delete(book.people[5].number)


def restore(made: datetime | None, place: int = 250, number: str = RESTORED) -> Change:
    """Brings one back, where no page was read yet."""
    return lambda book: book.restore(number, made, place)


def create(book: Book) -> None:
    """A new one, listed last."""
    book.create(numbers(1, start=950_000)[0], place=len(book.people))


def moving(changes: dict[int, list[Change]]) -> Book:
    """Three pages, changed before these list requests are answered."""
    book = Book.of(300)

    def before(now: int) -> None:
        for change in changes.get(now, []):
            change(book)

    book.before = before
    return book


async def nobody_is_missed(book: Book, asked: list[str]) -> Checked:
    """What came of it, once nobody who was there all the time is called absent."""
    result = await checked(book, asked)
    stayed = book.first & {person.number for person in book.people}
    assert not stayed & set(result.absent)
    assert not set(STRANGERS) & set(result.found)
    assert result.requests <= 2 * max(PAGES, book.most_pages)
    return result


@dates
@pytest.mark.parametrize("strangers", [3, 300])
async def test_who_comes_back_does_not_stand_for_who_was_not_seen(
    made: datetime | None, strangers: int
) -> None:
    """The total is as it was; that it was one less meanwhile is seen."""
    book = moving({2: [delete], 3: [restore(made)]})
    result = await nobody_is_missed(book, [*numbers(300), *STRANGERS[:strangers]])
    assert SLIPPED in result.found
    assert len(book.asked) > PAGES


@dates
async def test_nor_where_it_came_back_while_the_last_page_was_late(made: datetime | None) -> None:
    """Pages overtake one another: the one that saw fewer is answered before or after."""
    for slow in ({2: 40}, {3: 40}):
        book = moving({2: [delete], 3: [restore(made, 280)]})
        book.slow = lambda page, slow=slow: slow.get(page, 0)
        await nobody_is_missed(book, [SLIPPED, *numbers(300)[200:], *STRANGERS])


@pytest.mark.parametrize("made", [None, SAME_SECOND], ids=["without-a-date", "same-second"])
async def test_who_may_be_new_does_not_count_as_old_in_a_book_that_grew(
    made: datetime | None,
) -> None:
    """No total is ever less than the first."""
    book = moving({2: [delete, restore(made), create]})
    result = await nobody_is_missed(book, [*numbers(300), *STRANGERS[:300]])
    assert SLIPPED in result.found


async def test_who_came_in_the_same_second_does_not_count_as_old_in_equal_totals() -> None:
    """One went and one came between two answers."""
    book = moving({2: [delete, restore(SAME_SECOND)]})
    result = await nobody_is_missed(book, [*numbers(300), *STRANGERS[:300]])
    assert SLIPPED in result.found


async def test_who_came_in_the_same_second_and_is_on_the_first_page_was_there() -> None:
    """So a book that stands still is read once, however new its newest is."""
    book = Book.of(299)
    book.restore(RESTORED, BEGAN, 0)
    result = await checked(book, [*numbers(299), RESTORED, *STRANGERS[:300]])
    assert (result.requests, result.open) == (PAGES, ())
    assert len(result.absent) == 300


@dates
async def test_a_second_reading_is_no_more_trusting(made: datetime | None) -> None:
    """The same happens to it."""
    again = restore(made, number=numbers(1, start=960_000)[0])
    book = moving({2: [delete], 3: [restore(made)], 5: [delete], 6: [again]})
    await nobody_is_missed(book, [*numbers(300), *STRANGERS[:300]])

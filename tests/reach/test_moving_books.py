"""An address book that changes while it is read: each verdict is right, or the number is open."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.reach import Checked, check_numbers
from tests.reach.book import STRANGERS, Book, checked, numbers

NEWCOMERS = numbers(300, start=900_000)
Change = Callable[[Book], None]


async def right(book: Book, asked: list[str]) -> Checked:
    """What came of it, once nothing in it is wrong."""
    result = await checked(book, asked)
    # Of a number that came or went meanwhile, both answers were true at some time.
    stayed = book.first & {person.number for person in book.people} - book.gone
    assert not stayed & set(result.absent)
    assert set(result.found) <= book.ever
    assert {each.verdicts.whatsapp for each in result.found.values()} <= {"yes", "no", "unknown"}
    for number, sighting in result.found.items():
        on_whatsapp = book.channels[number] == "sms,whatsapp"
        not_on_it = "no" if number in book.first else "unknown"
        assert sighting.verdicts.whatsapp == ("yes" if on_whatsapp else not_on_it)
    return result


def moving(count: int, changes: dict[int, Change]) -> Book:
    """A book of so many contacts, changed before these list requests are answered."""
    book = Book.of(count)
    book.before = lambda now: changes.get(now, lambda _: None)(book)
    return book


def delete(*places: int) -> Change:
    """Takes out the contacts at these places of the list."""

    def change(book: Book) -> None:
        for number in [book.people[place].number for place in places]:
            book.delete(number)

    return change


def create(count: int = 1) -> Change:
    """Adds so many contacts, as the newest."""

    def change(book: Book) -> None:
        for number in NEWCOMERS[:count]:
            book.create(number)

    return change


def both(*changes: Change) -> Change:
    """All of these at once."""

    def change(book: Book) -> None:
        for each in changes:
            each(book)

    return change


async def test_a_contact_that_slips_onto_a_page_already_read_is_found_all_the_same() -> None:
    """A deletion on the first page moves it there."""
    book = moving(300, {2: delete(5)})
    slipped = numbers(300)[100]
    result = await right(book, [*numbers(300)[:20], slipped, *STRANGERS[:2]])
    assert slipped in result.found
    assert set(result.absent) == set(STRANGERS[:2])
    assert result.requests <= 2 * 3


async def test_a_deletion_behind_all_pages_read_costs_no_more_than_each_page_twice() -> None:
    """The total alone does not tell where it was."""
    book = moving(300, {3: delete(299)})
    result = await right(book, [*numbers(299), *STRANGERS[:300]])
    assert result.open == ()
    assert result.requests <= 2 * 3


async def test_a_book_that_only_grows_is_read_once_and_one_page_more() -> None:
    """New contacts show others a second time, and hide none; they are where the newest are."""
    book = moving(290, {2: create(3), 3: create(2)})
    result = await right(book, [*numbers(290), *STRANGERS[:300], *NEWCOMERS[:3]])
    assert book.asked == ["page 1", "page 2", "page 3", "page 1"]
    assert result.open == ()
    assert set(NEWCOMERS[:3]) <= set(result.found)


async def test_a_limit_holds_for_the_page_of_the_newest_too() -> None:
    """Who came meanwhile was none at the beginning."""
    book = moving(290, {2: create(3)})
    async with book.client() as client:
        result = await check_numbers(client, STRANGERS[:300], most_requests=3)
    assert len(book.asked) == 3
    assert len(result.absent) == 300


async def test_equal_totals_do_not_hide_that_one_came_and_one_went() -> None:
    """The page that was late missed a contact that had moved onto a page read before."""
    book = moving(400, {4: both(delete(399), create())})
    book.slow = lambda page: 50 if page == 2 else 0
    result = await right(book, [*numbers(400), *STRANGERS[:300]])
    assert numbers(400)[199] in result.found
    assert result.requests <= 2 * 4


@pytest.mark.parametrize("listed", [0, 299])
async def test_equal_totals_in_another_order_of_the_list_do_not_either(listed: int) -> None:
    """Whether new contacts come first or last."""
    book = moving(300, {})

    def change(book: Book) -> None:
        book.delete(book.people[5].number)
        book.create(NEWCOMERS[0], place=listed)

    book.before = lambda now: change(book) if now == 2 else None
    result = await right(book, [*numbers(300), *STRANGERS[:300]])
    assert numbers(300)[100] in result.found
    assert result.requests <= 2 * 3


async def test_a_contact_asked_about_that_comes_meanwhile_is_found_or_was_none() -> None:
    """As of the first answer it was none."""
    book = moving(300, {2: create()})
    result = await right(book, [*STRANGERS, NEWCOMERS[0]])
    assert result.open == ()
    assert NEWCOMERS[0] in [*result.found, *result.absent]


async def test_a_book_that_changes_with_every_request_leaves_open_what_is_not_certain() -> None:
    """It is read twice at most, and nobody in it is told from a stranger."""
    book = Book.of(500)
    book.before = lambda now: both(delete(3), create())(book)
    asked = [*numbers(500)[100:], *STRANGERS[:300]]
    result = await right(book, asked)
    assert result.requests <= 2 * 5
    assert not set(STRANGERS) & set(result.found)


async def test_a_second_reading_that_stands_still_decides_all() -> None:
    """With more numbers than requests left."""
    book = moving(300, {3: both(delete(1), create())})
    result = await right(book, [*numbers(300), *STRANGERS[:300]])
    assert result.open == ()
    assert result.requests <= 2 * 3


async def test_a_second_reading_asks_for_several_pages_at_once() -> None:
    """As the first does, and waits for its first page alone."""
    book = moving(1_000, {10: delete(1)})
    book.slow = lambda page: 3
    result = await right(book, [*numbers(1_000)[900:], *STRANGERS[:300]])
    assert result.open == ()
    assert book.asked[10:12] == ["page 1", "page 2"]
    assert max(book.at_once[10:]) > 4


sizes = st.integers(0, 450) | st.sampled_from([99, 100, 101, 200, 201, 300, 400, 450])
places = st.lists(st.integers(0, 449), max_size=60) | st.just(list(range(450)))
change = st.tuples(
    st.integers(1, 10), st.sampled_from(["delete", "create"]), st.floats(0, 1, exclude_max=True)
)


@given(
    size=sizes,
    places=places,
    strangers=st.integers(0, 20) | st.just(300),
    changes=st.lists(change, max_size=6),
    turns=st.lists(st.integers(0, 30), min_size=1, max_size=5),
)
@settings(max_examples=150, deadline=None)
async def test_whatever_moves_no_verdict_is_wrong_and_no_request_too_many(
    size: int,
    places: list[int],
    strangers: int,
    changes: list[tuple[int, str, float]],
    turns: list[int],
) -> None:
    """Any book, any list, any changes, and pages that overtake one another."""
    book = Book.of(size)
    asked = list(dict.fromkeys(numbers(size)[place] for place in places if place < size))
    asked += STRANGERS[:strangers] + NEWCOMERS[: strangers // 4]
    fresh = iter(NEWCOMERS)

    def before(now: int) -> None:
        for when, what, where in changes:
            place = int(where * len(book.people))
            if when == now and what == "create":
                book.create(next(fresh), place=place)
            elif when == now and book.people:
                book.delete(book.people[place].number)

    book.before, book.slow = before, lambda page: turns[page % len(turns)]
    still_pages = book.pages
    result = await right(book, asked)
    if len(asked) <= 1:
        assert result.requests == len(asked)
    elif not changes:
        assert result.requests <= min(len(asked) + 1, still_pages)
        assert result.open == ()
    else:
        assert result.requests <= 2 * max(still_pages, book.most_pages)

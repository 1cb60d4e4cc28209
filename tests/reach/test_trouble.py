"""What comes of a list of numbers when requests fail, or time, budget or a limit ends it."""

from collections import Counter

import pytest

from sent_mcp.client.retries import MOST_ATTEMPTS
from sent_mcp.errors import (
    APITimeoutError,
    AuthenticationError,
    InternalServerError,
    RefusedError,
)
from sent_mcp.reach import check_numbers
from sent_mcp.reach.check import AT_ONCE
from tests.reach.book import STRANGERS, Book, Fail, checked, numbers


def failing(query: str, status: int, code: str, times: int = 1_000_000) -> Fail:
    """Refuses one request, named as in `Book.asked`, so many times."""
    left = [times]

    def fail(asked: str) -> tuple[int, str] | None:
        if asked != query or not left[0]:
            return None
        left[0] -= 1
        return status, code

    return fail


async def test_a_page_that_fails_for_a_while_is_asked_for_again() -> None:
    """Each attempt counts."""
    book = Book.of(300)
    book.fail = failing("page 2", 503, "SERVICE_001", times=2)
    result = await checked(book, [*numbers(300), *STRANGERS[:5]])
    assert (result.requests, result.open) == (5, ())


async def test_those_on_a_page_that_never_comes_are_looked_up() -> None:
    """Nobody on it becomes a stranger."""
    book = Book.of(1_500)
    book.fail = failing("page 2", 503, "SERVICE_001")
    result = await checked(book, [*numbers(1_500)[195:250], *STRANGERS[:6]])
    assert set(result.absent) <= set(STRANGERS)
    assert len(result.found) > 50
    assert result.requests <= 2 * 15
    if result.open:
        assert isinstance(result.trouble, InternalServerError)


async def test_a_first_request_that_fails_fails_the_check() -> None:
    """There is nothing to tell but the error."""
    for asked in (numbers(2), numbers(1)):
        book = Book.of(300)
        book.fail = lambda asked: (401, "AUTH_002")
        with pytest.raises(AuthenticationError):
            await checked(book, asked)


async def test_a_key_that_is_refused_half_way_stops_it_at_once() -> None:
    """Whatever is decided stays decided."""
    book = Book.of(5_000)
    book.fail = lambda asked: None if asked == "page 1" else (401, "AUTH_002")
    result = await checked(book, [*numbers(5_000)[:5], *STRANGERS[:500]])
    assert isinstance(result.trouble, AuthenticationError)
    assert len(result.found) == 5
    assert len(result.open) == 500
    assert result.requests <= 1 + AT_ONCE


@pytest.mark.parametrize(("status", "code"), [(401, "AUTH_002"), (403, "AUTH_004")])
async def test_one_refusal_of_the_key_is_enough(status: int, code: str) -> None:
    """What is under way still ends; nothing is begun."""
    book = Book.of(9_000)
    book.fail = failing("page 2", status, code, times=1)
    book.slow = lambda page: page
    result = await checked(book, STRANGERS[:500])
    assert result.trouble is not None
    assert result.trouble.code == code
    assert result.requests < 30
    assert len(result.open) == 500


async def test_an_api_in_trouble_is_left_alone() -> None:
    """After a few failures in a row."""
    book = Book.of(9_000)
    book.fail = lambda asked: None if asked == "page 1" else (500, "INTERNAL_001")
    result = await checked(book, STRANGERS[:500])
    assert isinstance(result.trouble, InternalServerError)
    assert len(book.asked) <= 1 + 4 * (AT_ONCE + 3)


async def test_a_failure_now_and_then_ends_nothing() -> None:
    """Only those that follow one another do."""
    book = Book.of(6_000)
    failed = {f"page {page}" for page in range(5, 60, 8)}
    book.fail = lambda asked: (500, "INTERNAL_001") if asked in failed else None
    book.slow = lambda page: page
    result = await checked(book, [*numbers(6_000)[5_900:], *STRANGERS[:500]])
    assert set(result.found) == set(numbers(6_000)[5_900:])
    assert not result.absent or result.requests <= 2 * 60


async def test_a_number_that_sent_refuses_does_not_keep_the_others_from_an_answer() -> None:
    """However many there are: only they stay open."""
    book = Book.of(9_000)
    refused = set(STRANGERS[2:40])
    book.fail = lambda asked: (400, "VALIDATION_002") if asked in refused else None
    result = await checked(book, STRANGERS[:60])
    assert set(result.open) == refused
    assert result.trouble is not None
    assert result.trouble.code == "VALIDATION_002"


async def test_without_room_in_the_budget_numbers_are_looked_up_in_their_order() -> None:
    """As many as there is room for: the pages would tell of nobody that he is a stranger."""
    book = Book.of(3_000)
    asked = [*STRANGERS[:20], *numbers(3_000)[1_500:1_550]]
    result = await checked(book, asked, per_minute=20, seconds=30)
    assert book.asked == ["page 1", *asked[:14]]
    assert result.open == tuple(asked[14:])
    assert isinstance(result.trouble, RefusedError)
    assert result.trouble.code == "BUDGET_EXHAUSTED"


async def test_a_check_that_may_take_its_time_reads_pages_whatever_room_there_is() -> None:
    """It may wait for the budget, which would be refilled for pages as for numbers."""
    book = Book.of(1_000)
    result = await checked(book, STRANGERS[:40], per_minute=8)
    assert book.asked == [f"page {n}" for n in range(1, 7)]
    assert isinstance(result.trouble, RefusedError)
    assert result.open == tuple(STRANGERS[:40])


@pytest.mark.parametrize("most", [1, 2, 5, 12])
async def test_a_limit_on_requests_holds(most: int) -> None:
    """What it leaves undecided is open."""
    book = Book.of(1_500)
    async with book.client() as client:
        result = await check_numbers(client, STRANGERS[:40], most_requests=most)
    assert len(book.asked) <= most
    assert len(result.open) >= 40 - most


async def test_time_that_is_up_leaves_the_rest_open() -> None:
    """And nothing running."""
    book = Book.of(1_000)

    book.hold = lambda asked: asked == "page 4"
    result = await checked(book, [*numbers(1_000)[:300], *STRANGERS[:20]], seconds=1.2)
    assert result.timed_out or isinstance(result.trouble, APITimeoutError)
    assert set(result.open) == set(STRANGERS[:20])
    assert book.running == 0


def most_requests(pages: int) -> int:
    """Nothing is begun once each page could have been read twice, retries counted.

    What is under way then still ends, with all its attempts.
    """
    return 2 * pages - 1 + AT_ONCE * MOST_ATTEMPTS


def often(times: int, *, kinds: tuple[str, ...] = ("page", "+")) -> Fail:
    """Each request of these kinds but the first page is answered with 503 so many times."""
    told: Counter[str] = Counter()

    def fail(asked: str) -> tuple[int, str] | None:
        told[asked] += 1
        failing = asked != "page 1" and asked.startswith(kinds) and told[asked] <= times
        return (503, "SERVICE_001") if failing else None

    return fail


@pytest.mark.parametrize("pages", [1, 2, 5, 30, 90])
@pytest.mark.parametrize("kinds", [("page",), ("+",), ("page", "+")])
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_failing_pages_and_look_ups_take_no_more_than_each_page_twice(
    pages: int, kinds: tuple[str, ...], times: int
) -> None:
    """And the retries of what is under way; what they leave undecided is open."""
    book = Book.of(100 * pages)
    book.fail = often(times, kinds=kinds)
    asked = [*numbers(100 * pages)[-150:], *STRANGERS]
    result = await checked(book, asked)
    assert result.requests <= most_requests(pages)
    assert set(result.absent) <= set(STRANGERS)
    assert not set(result.found) & set(STRANGERS)


@pytest.mark.parametrize("pages", [1, 2, 5, 30])
async def test_one_request_after_the_other_that_fails_takes_each_page_twice_at_most(
    pages: int,
) -> None:
    """Without any other under way there is nothing to allow for but its own attempts."""
    book = Book.of(100 * pages)
    book.fail = lambda asked: None if asked == "page 1" else (503, "SERVICE_001")
    result = await checked(book, [*numbers(100 * pages)[:99], STRANGERS[0]])
    assert result.requests <= 2 * pages - 1 + MOST_ATTEMPTS


async def test_a_book_that_moves_and_fails_takes_no_more_either() -> None:
    """Its second reading is within the same limit."""
    book = Book.of(3_000)
    book.before = lambda now: book.delete(book.people[0].number) if now % 3 == 0 else None
    book.fail = often(2, kinds=("page",))
    result = await checked(book, [*numbers(3_000)[2_000:], *STRANGERS])
    assert result.requests <= most_requests(book.most_pages)
    assert not set(result.absent) & (book.first - book.gone)

"""Imports in the state store: claimed by one at a time, and gone after half an hour."""

from dataclasses import replace

import anyio
import pytest

from sent_mcp.state import IMPORT_SECONDS, StoredImport
from tests.state.places import Clock, Place, Store

NUMBERS = tuple(f"+1415{index:07d}" for index in range(2_000_000, 2_001_000))
COUNTS = {"input": 1003, "duplicates": 1, "created": 0, "existing": 0, "invalid": 1, "failed": 1}
FAILED, INVALID = (("+14155550199", "VALIDATION_002"),), (("call me maybe", "has no digits"),)


def running(clock: Clock, name: str = "imp_a") -> StoredImport:
    """An import of a thousand numbers that has just begun."""
    until = clock() + IMPORT_SECONDS
    lists = (NUMBERS, FAILED, INVALID)
    return StoredImport(name, "me", "mine", "key", True, until, COUNTS, *lists)


def finished(found: StoredImport) -> StoredImport:
    """The same with nothing left."""
    return replace(found, numbers=(), failed=(), invalid=())


def traces(kept: str) -> int:
    """How many numbers and texts can be read in what is kept; few are cut in two."""
    return sum(kept.count(mark) for mark in ("+1415", "call me maybe", "has no digits"))


async def test_an_import_is_kept_as_it_is(state: Store, clock: Clock) -> None:
    """And replaced by what it has become."""
    await state.keep_import(running(clock))
    assert await state.find_import("imp_a") == running(clock)
    later = replace(running(clock), numbers=NUMBERS[:3], counts={**COUNTS, "created": 997})
    await state.keep_import(later)
    assert await state.find_import("imp_a") == later
    assert await state.find_import("imp_b") is None


async def test_an_import_is_claimed_by_one_at_a_time(
    state: Store, place: Place, clock: Clock
) -> None:
    """Until it is written down again, or a minute has passed."""
    other = place.open()
    assert await state.claim_import("imp_a", 60) is False
    await state.keep_import(running(clock))
    assert await state.claim_import("imp_a", 60) is True
    assert await other.claim_import("imp_a", 60) is False
    await state.keep_import(running(clock))
    assert await other.claim_import("imp_a", 60) is True
    clock.time += 61
    assert await state.claim_import("imp_a", 60) is True


async def test_a_claim_of_a_clock_that_ran_ahead_is_none(state: Store, clock: Clock) -> None:
    """It would last until the clock comes round again."""
    await state.keep_import(running(clock))
    clock.time += 1000
    await state.claim_import("imp_a", 60)
    clock.time -= 1000
    assert await state.claim_import("imp_a", 60) is True


async def test_many_at_once_claim_it_once(state: Store, place: Place, clock: Clock) -> None:
    """From several connections."""
    await state.keep_import(running(clock))
    others = [place.open() for _ in range(4)]
    claimed: list[bool] = []

    async def claim(other: Store) -> None:
        claimed.append(await other.claim_import("imp_a", 60))

    async with anyio.create_task_group() as tasks:
        for other in (*others, *others):
            tasks.start_soon(claim, other)
    assert sorted(claimed) == [False] * 7 + [True]


@pytest.mark.parametrize("seconds", [IMPORT_SECONDS + 1, -10.0])
async def test_an_import_is_gone_after_half_an_hour(
    state: Store, place: Place, clock: Clock, seconds: float
) -> None:
    """With its numbers, whatever the store is used for next; so is one from the future."""
    await state.keep_import(running(clock))
    clock.time += seconds
    await state.secret()
    assert await state.find_import("imp_a") is None
    assert await state.claim_import("imp_a", 60) is False
    assert traces(place.kept()) == 0


async def test_numbers_are_kept_only_while_an_import_runs(
    state: Store, place: Place, clock: Clock
) -> None:
    """What is overwritten leaves nothing behind, however large it was."""
    await state.keep_import(running(clock))
    assert traces(place.kept()) >= len(NUMBERS)
    for left in (900, 333, 40, 1):
        await state.keep_import(replace(running(clock), numbers=NUMBERS[:left]))
        await state.declined("me")
        assert traces(place.kept()) <= left + 3
    await state.keep_import(finished(running(clock)))
    assert traces(place.kept()) == 0
    assert await state.find_import("imp_a") == finished(running(clock))


async def test_two_imports_leave_nothing_of_each_other(
    state: Store, place: Place, clock: Clock
) -> None:
    """In a file they share pages."""
    few = replace(running(clock, "imp_b"), numbers=NUMBERS[:2], failed=(), invalid=())
    for _ in range(5):
        await state.keep_import(running(clock))
        await state.keep_import(few)
        await state.keep_import(finished(running(clock)))
        assert traces(place.kept()) == 2
        await state.spend("me", 50, None, 600)
        await state.keep_import(finished(few))
        assert traces(place.kept()) == 0

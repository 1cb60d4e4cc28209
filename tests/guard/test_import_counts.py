"""Imports and the limit of ten contacts in ten minutes."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.door import Door, served
from tests.guard.test_state_file import reached
from tests.importing import (
    CLOSED,
    TOOL,
    add_up,
    begun,
    fault,
    fresh,
    posts,
)


@pytest.fixture
async def counting(app: Starlette, state: Path) -> AsyncGenerator[Door]:
    """A server that is no demo: it counts in the state file."""
    async with served(app) as url, reached(url, state) as door:
        yield door


async def status_of(door: Door, *numbers: str) -> str:
    """What one more creation is answered with."""
    if len(numbers) == 1:
        return (await door.done("create_contact", phone_number=numbers[0]))["status"]
    return (await door.done(TOOL, phone_numbers=list(numbers)))["status"]


@pytest.mark.parametrize("first", [1, 5, 6, 10])
async def test_the_eleventh_is_asked_however_they_are_split(counting: Door, first: int) -> None:
    """What does not fit is not begun, and what fits is not asked."""
    door, numbers = counting, fresh(20)
    assert await status_of(door, *numbers[:first]) in ("imported", "created")
    asked = await door.done(TOOL, phone_numbers=numbers[first:11])
    assert asked["status"] == "confirmation_required"
    assert len(await posts(door)) == first
    if first < 10:
        assert await status_of(door, *numbers[first:10]) in ("imported", "created")
    assert await status_of(door, numbers[11]) == "confirmation_required"
    assert len(await posts(door)) == 10


async def test_a_few_that_are_too_many_say_why_they_are_asked(counting: Door) -> None:
    """And are created once somebody agreed."""
    await status_of(counting, *fresh(6))
    said = await counting.call(TOOL, phone_numbers=fresh(6, 3000))
    assert said.data["question"].splitlines()[1:3] == [
        "Create 6 contacts?",
        "With those created or opted out within the last ten minutes these are more than ten.",
    ]
    done = await counting.done(TOOL, phone_numbers=fresh(6, 3000), confirmation_token=said.token)
    assert add_up(done) == {"created": 6}
    tried = await counting.done(TOOL, phone_numbers=fresh(6, 4000), dry_run=True)
    assert tried.get("question") is None


async def test_an_approved_import_counts_with_all_it_created(counting: Door) -> None:
    """So the next single one is asked; what it did not create does not count."""
    await begun(counting, fresh(20), fault(422, 8), CLOSED)
    assert await status_of(counting, *fresh(10, 3000)) == "imported"
    assert await status_of(counting, "+14155569999") == "confirmation_required"


async def test_it_counts_when_it_goes_on(counting: Door) -> None:
    """Nobody is asked about what was agreed to, but about what comes on top."""
    said = await begun(counting, fresh(12), CLOSED)
    assert await status_of(counting, *fresh(9, 3000)) == "imported"
    assert add_up(await counting.done(TOOL, import_id=said["import_id"])) == {"created": 12}
    assert await status_of(counting, "+14155569999") == "confirmation_required"


async def test_what_needed_no_question_may_need_one_when_it_goes_on(counting: Door) -> None:
    """Ten that were free, and ten more since."""
    await counting.faults(CLOSED)
    said = await counting.done(TOOL, phone_numbers=fresh(10))
    await counting.faults()
    assert said["message"].endswith(" UTC this import can go on, and may be asked about then.")
    assert await status_of(counting, *fresh(10, 3000)) == "imported"
    given = {"import_id": said["import_id"]}
    asked = await counting.call(TOOL, **given)
    assert asked.data["status"] == "confirmation_required"
    assert asked.data["message"].startswith("Nothing was created. ")
    assert asked.token.startswith("import 10 contacts: +14155562000 and 9 more cf_")
    done = await counting.done(TOOL, **given, confirmation_token=asked.token)
    assert add_up(done) == {"created": 10}


async def test_what_needed_no_question_goes_on_without_one_where_it_fits(counting: Door) -> None:
    """As often as Sent lets nobody in."""
    await counting.faults(CLOSED)
    said = await counting.done(TOOL, phone_numbers=fresh(10))
    for _ in range(3):
        again = await counting.done(TOOL, import_id=said["import_id"])
        assert add_up(again) == {"remaining": 10}
    await counting.faults()
    assert add_up(await counting.done(TOOL, import_id=said["import_id"])) == {"created": 10}

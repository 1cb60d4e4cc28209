"""Imports that are only tried."""

from pathlib import Path

from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened
from tests.importing import CLOSED, TOOL, add_up, are_contacts, fault, fresh, posts

OTHER = "+14155550103"
UNDOING = "Sent has no bulk deletion: to undo this, each would have to be deleted on its own."


async def test_a_dry_run_shows_the_question_and_what_sent_says(door: Door) -> None:
    """Without asking, and without creating anything."""
    await door.faults(fault(422, 2))
    said = await door.done(TOOL, phone_numbers=[*fresh(12), SEEDED], dry_run=True)
    assert (said["status"], add_up(said)) == (
        "dry_run",
        {"failed": 2, "existing": 1, "remaining": 10},
    )
    assert said["message"] == "Nothing was created; Sent would accept 10 of 12 new numbers."
    assert said["question"].splitlines()[1] == "Create 12 contacts?"
    assert "import_id" not in said
    assert await are_contacts(door, fresh(12)) == 0
    assert (await door.done(TOOL, phone_numbers=fresh(10), dry_run=True)).get("question") is None


async def test_a_dry_run_tries_the_first_fifty(door: Door) -> None:
    """They are enough to know what Sent says, and cost no more than a minute's budget."""
    said = await door.done(TOOL, phone_numbers=fresh(60), dry_run=True)
    assert said["message"] == (
        "Nothing was created; Sent would accept 50 of 50 new numbers; the other 10 were not tried."
    )
    assert len(await posts(door)) == 50
    nothing = await door.done(TOOL, phone_numbers=[SEEDED], dry_run=True)
    assert nothing["message"] == "Nothing was created; there is nothing new in the list."


async def test_a_dry_run_that_sent_does_not_answer_says_so(door: Door) -> None:
    """It is not known what Sent would accept."""
    await door.faults(CLOSED)
    said = await door.done(TOOL, phone_numbers=fresh(8), dry_run=True)
    assert said["message"] == (
        "Nothing was created; Sent would accept 0 of 8 new numbers;"
        " 8 could not be tried (AUTH_004)."
    )
    assert add_up(said) == {"remaining": 8}


async def test_where_everything_is_a_dry_run_nothing_goes_on(app: Starlette, state: Path) -> None:
    """SENT_MCP_DRY_RUN."""
    async with opened(app, state, dry_run=True) as door:
        assert (await door.done(TOOL, phone_numbers=fresh(11)))["status"] == "dry_run"
        text = await door.refused(TOOL, import_id="imp_1")
    assert "SENT_MCP_DRY_RUN" in text

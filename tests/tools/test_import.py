"""import_contacts: what is missing of a list is created, and everything is told apart."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened
from tests.importing import CLOSED, CREATION, TOOL, add_up, are_contacts, fault, fresh, keys, posts

OTHER = "+14155550103"
UNDOING = "Sent has no bulk deletion: to undo this, each would have to be deleted on its own."


async def test_ten_new_numbers_are_created_without_a_question(door: Door) -> None:
    """One request each, with an idempotency key of its own."""
    said = await door.done(TOOL, phone_numbers=fresh(10))
    assert (said["status"], add_up(said)) == ("imported", {"created": 10})
    assert said["message"] == (
        "10 contacts were created. Channels of new contacts are known in about a minute."
    )
    assert len(await keys(door)) == len(await posts(door)) == 10
    assert await are_contacts(door, fresh(10)) == 10


async def test_eleven_are_asked_about_and_then_created_once(door: Door) -> None:
    """The approval used again only tells."""
    first = await door.call(TOOL, phone_numbers=fresh(11))
    assert first.data["status"] == "confirmation_required"
    assert first.data["message"].startswith("Nothing was created. ")
    assert await posts(door) == []
    given = {"phone_numbers": fresh(11), "confirmation_token": first.token}
    assert first.token.startswith("import 11 contacts: +14155562000 and 10 more cf_")
    assert add_up(await door.done(TOOL, **given)) == {"created": 11}
    again = await door.done(TOOL, **given)
    assert again["status"] == "imported"
    assert again["message"].endswith("Nothing was done again.")
    assert len(await keys(door)) == len(await posts(door)) == 11


async def test_the_question_says_how_many_where_and_what_else(door: Door) -> None:
    """In lines that stay short however long the list is."""
    british = [f"+4420794601{index:02d}" for index in range(12, 15)]
    listed = [*fresh(30), *british, SEEDED, OTHER, fresh(1)[0], "a\nb", "415", "007", "++1"]
    said = await door.done(TOOL, phone_numbers=listed)
    lines = said["question"].splitlines()[1:]
    assert lines == [
        "Create 33 contacts?",
        "Countries: US 30, GB 3.",
        f"Numbers: {', '.join(fresh(10))} and 23 more.",
        "Contacts already, which stay as they are: 2.",
        "Repeated in the list: 1.",
        lines[5],
        UNDOING,
    ]
    assert lines[5].startswith('No phone numbers: 5 ("a" ')
    assert lines[5].endswith(" and 2 more).")


async def test_a_list_that_takes_more_than_a_call_says_how_long(
    app: Starlette, state: Path
) -> None:
    """By the budget there is for it."""
    async with opened(app, state, requests_per_minute=20) as door:
        said = await door.done(TOOL, phone_numbers=fresh(40))
    line = said["question"].splitlines()[-2]
    assert line.startswith("It takes about 3 minutes, a part in each call, for 30 minutes at most")


async def test_what_is_not_looked_up_in_time_may_be_new(app: Starlette, state: Path) -> None:
    """A budget that does not reach for the address book makes the count a limit."""
    async with opened(app, state, requests_per_minute=2) as door:
        said = await door.done(TOOL, phone_numbers=fresh(20))
    assert said["question"].splitlines()[1] == "Create up to 20 contacts?"


async def test_everything_in_a_list_is_told_apart(door: Door) -> None:
    """New, existing, invalid, refused, given twice."""
    await door.faults(fault(422, 2))
    listed = [*fresh(8), SEEDED, "001 415 555 0102", "(415) 555", "nobody", fresh(1)[0]]
    reply = await door.call(TOOL, phone_numbers=listed)
    assert add_up(reply.data) == {
        "created": 6,
        "failed": 2,
        "existing": 1,
        "duplicates": 2,
        "invalid": 2,
    }
    assert reply.data["status"] == "imported"
    assert {row["code"] for row in reply.data["failed"]} == {"BUSINESS_006"}
    failed = " ".join(row["phone_number"] for row in reply.data["failed"])
    assert f"Failed, BUSINESS_006 (2): {failed}" in reply.text
    assert reply.data["invalid"] == [
        {"input": "(415) 555", "reason": "has no country code"},
        {"input": "nobody", "reason": "has no digits"},
    ]
    assert await are_contacts(door, fresh(8)) == 6


async def test_the_same_list_again_does_no_harm(door: Door) -> None:
    """What failed the first time is created the second, and the third finds nothing to do."""
    await door.faults(fault(422, 2))
    listed = [*fresh(8), SEEDED]
    assert add_up(await door.done(TOOL, phone_numbers=listed))["failed"] == 2
    again = await door.done(TOOL, phone_numbers=listed)
    assert add_up(again) == {"created": 2, "existing": 7}
    await door.forget()
    third = await door.done(TOOL, phone_numbers=listed)
    assert (third["status"], add_up(third)) == ("unchanged", {"existing": 9})
    assert third["message"] == "Nothing was created: all numbers are contacts already."
    assert await posts(door) == []


async def test_a_list_without_a_number_creates_nothing(door: Door) -> None:
    """Twenty of what is invalid are shown."""
    reply = await door.call(TOOL, phone_numbers=[f"x{index}" for index in range(25)])
    assert (reply.data["status"], add_up(reply.data)) == ("unchanged", {"invalid": 25})
    assert reply.data["message"] == "Nothing was created: no number is valid."
    assert len(reply.data["invalid"]) == 20
    assert reply.text.endswith("Invalid, not shown here: 5")
    assert await door.log() == []


async def test_fifty_that_failed_are_shown_and_the_others_counted(door: Door) -> None:
    """All of them are in the counts."""
    await door.faults(fault(422, 60))
    said = await door.call(TOOL, phone_numbers=fresh(60))
    reply = await door.call(TOOL, phone_numbers=fresh(60), confirmation_token=said.token)
    assert add_up(reply.data) == {"failed": 60}
    assert reply.data["status"] == "unchanged"
    assert len(reply.data["failed"]) == 50
    assert reply.text.endswith("Failed, not shown here: 10")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_rate_limits_and_failures_of_sent_are_waited_out(door: Door, status: int) -> None:
    """With the client's own patience, number by number."""
    await door.faults(fault(status, 5))
    said = await door.done(TOOL, phone_numbers=fresh(10))
    assert add_up(said) == {"created": 10}
    assert len(await posts(door)) == 15
    assert len(await keys(door)) == 10


@pytest.mark.parametrize("kind", ["drop_after", "truncate", "garbage"])
async def test_an_answer_that_is_lost_is_counted_once(door: Door, kind: str) -> None:
    """Sent repeats it, or it is read again."""
    await door.faults({"match": CREATION, "times": 3, "kind": kind})
    said = await door.done(TOOL, phone_numbers=fresh(10))
    assert add_up(said) == {"created": 10}
    assert await are_contacts(door, fresh(10)) == 10


async def test_trouble_with_one_number_leaves_the_others_alone(door: Door) -> None:
    """It failed, with the code of why."""
    await door.faults(fault(503, 4))
    said = await door.done(TOOL, phone_numbers=fresh(1))
    assert (said["status"], add_up(said)) == ("unchanged", {"failed": 1})
    assert said["failed"] == [{"phone_number": fresh(1)[0], "code": "SERVICE_001"}]
    assert said["message"] == "Nothing was created; 1 failed."


async def test_what_may_have_been_created_is_said_to_be_in_doubt(door: Door) -> None:
    """Where even reading again told nothing."""
    await door.faults(
        {"match": CREATION, "times": 4, "kind": "garbage"},
        # The first look-up finds out that it is new.
        {"match": "GET /v3/contacts", "kind": "delay", "seconds": 0},
        {"match": "GET /v3/contacts", "kind": "status", "status": 403},
    )
    said = await door.done(TOOL, phone_numbers=fresh(1))
    assert (said["status"], add_up(said)) == ("partial", {"remaining": 1})
    assert said["message"].startswith(
        "No contact is known to be created. Of 1 it is not known; none is created twice by a"
        " repetition."
    )
    assert add_up(await door.done(TOOL, import_id=said["import_id"])) == {"created": 1}


async def test_a_key_that_is_refused_ends_it_at_once(door: Door) -> None:
    """Nothing was done, so the error says so."""
    await door.faults(fault(401, 100))
    text = await door.refused(TOOL, phone_numbers=fresh(10))
    assert text.startswith("AUTH_00")
    assert "Nothing was changed or sent." in text
    assert len(await posts(door)) <= 6


async def test_what_the_account_may_not_do_is_not_tried_a_thousand_times(door: Door) -> None:
    """Three in a row are enough; the rest can go on later."""
    await door.faults(CLOSED)
    token = (await door.call(TOOL, phone_numbers=fresh(40))).token
    said = await door.done(TOOL, phone_numbers=fresh(40), confirmation_token=token)
    assert (said["status"], add_up(said)) == ("partial", {"remaining": 40})
    assert "because of AUTH_00" in said["message"]
    assert len(await posts(door)) <= 8


async def test_another_order_and_spelling_is_the_same_list(door: Door) -> None:
    """And approved by the same token."""
    token = (await door.call(TOOL, phone_numbers=[*fresh(12), SEEDED])).token
    spelled = [f"({each[2:5]}) {each[5:8]}-{each[8:]}" for each in fresh(12)]
    listed = [*reversed(spelled), fresh(1)[0], "415 555 0102"]
    said = await door.done(TOOL, phone_numbers=listed, region="us", confirmation_token=token)
    assert add_up(said) == {"created": 12, "existing": 1, "duplicates": 1}


@pytest.mark.parametrize(
    "other",
    [
        {"phone_numbers": [*fresh(11), *fresh(1, 3000), "nobody"]},
        {"phone_numbers": fresh(12)},
        {"phone_numbers": [*fresh(12), "nobody"], "region": "GB"},
    ],
)
async def test_another_list_is_not_approved_by_the_same_token(
    door: Door, other: dict[str, Any]
) -> None:
    """Nor the same where what is invalid might be a number."""
    token = (await door.call(TOOL, phone_numbers=[*fresh(12), "nobody"])).token
    said = await door.done(TOOL, **other, confirmation_token=token)
    assert said["status"] == "token_rejected"
    assert await posts(door) == []


async def test_the_default_region_is_that_of_the_list(app: Starlette, state: Path) -> None:
    """As for every number."""
    async with opened(app, state, default_region="US") as door:
        said = await door.done(TOOL, phone_numbers="(415) 556-2000; 4155562001")
    assert add_up(said) == {"created": 2}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "give phone_numbers, or import_id alone"),
        ({"phone_numbers": []}, "must not be empty"),
        ({"import_id": "imp_1", "phone_numbers": [SEEDED]}, "give it alone"),
        ({"import_id": "imp_1", "region": "US"}, "give it alone"),
        ({"import_id": "imp_1", "dry_run": True}, "give it alone"),
        ({"phone_numbers": fresh(1001)}, "at most 1000"),
    ],
)
async def test_arguments_that_do_not_go_together_are_refused(
    door: Door, given: dict[str, Any], why: str
) -> None:
    """Before anything is asked of Sent."""
    text = await door.refused(TOOL, **given)
    assert text.startswith("INVALID_ARGUMENTS: ")
    assert why in text
    assert "Nothing was changed or sent." in text
    assert await door.log() == []


async def test_how_far_it_is_is_told(door: Door) -> None:
    """One step per number, never back."""
    told: list[tuple[float, float | None, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    given = {"phone_numbers": fresh(10)}
    await door.client.call_tool(TOOL, given, progress_callback=listen)
    assert told == [(step, 10, f"{step} of 10 numbers imported") for step in range(1, 11)]


async def test_a_host_that_does_not_listen_loses_nothing(app: Starlette, state: Path) -> None:
    """When the time is up, the call ends with what was done, and goes on from there."""
    heard: list[float] = []

    async def never(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)
        await anyio.sleep_forever()

    async with opened(app, state, call_timeout=3, ask_timeout=1) as door:
        answer = await door.client.call_tool(
            TOOL, {"phone_numbers": fresh(10)}, progress_callback=never
        )
        said = answer.structured_content
        assert said is not None, answer
        assert (said["status"], add_up(said)) == ("partial", {"created": 6, "remaining": 4})
        assert "Not done: 4 contacts, because the time for one call was up." in said["message"]
        assert len(heard) == 6
        done = await door.done(TOOL, import_id=said["import_id"])
    assert add_up(done) == {"created": 10}


async def test_masked_numbers_leave_the_import_id_readable(app: Starlette, state: Path) -> None:
    """It is the only way to go on."""
    async with opened(app, state, mask_phones=True) as door:
        await door.faults(CLOSED)
        token = (await door.call(TOOL, phone_numbers=fresh(12))).token
        said = await door.done(TOOL, phone_numbers=fresh(12), confirmation_token=token)
        assert said["next"] == f'import_contacts(import_id="{said["import_id"]}")'
        await door.faults()
        assert add_up(await door.done(TOOL, import_id=said["import_id"])) == {"created": 12}

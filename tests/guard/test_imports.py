"""An import that was agreed to goes on in other calls: unasked, counted, once, for half an hour."""

import logging
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened
from tests.guard.test_finishing import Gate, SpoilsState
from tests.importing import (
    CLOSED,
    CREATION,
    DOWN,
    TOOL,
    add_up,
    are_contacts,
    begun,
    fault,
    fresh,
    keys,
    posts,
    traces,
)


async def test_what_is_left_while_sent_is_down_goes_on_without_a_question(door: Door) -> None:
    """By the id alone; what was tried before has the same idempotency key again."""
    said = await begun(door, fresh(12), DOWN)
    assert (said["status"], add_up(said)) == ("partial", {"remaining": 12})
    assert said["message"].startswith("Nothing was created. Not done: 12 contacts, because of ")
    assert said["message"].endswith(" UTC this import can go on without another question.")
    assert said["next"] == f'import_contacts(import_id="{said["import_id"]}")'
    done = await door.done(TOOL, import_id=said["import_id"])
    assert (done["status"], add_up(done)) == ("imported", {"created": 12})
    assert "import_id" not in done
    assert len(await keys(door)) == await are_contacts(door, fresh(12)) == 12


async def test_a_small_budget_is_used_up_and_the_rest_goes_on(app: Starlette, state: Path) -> None:
    """In another server, which has a budget of its own; all calls together tell the whole list."""
    listed = [*fresh(30), SEEDED, "nobody", fresh(1)[0]]
    async with opened(app, state, requests_per_minute=20) as door:
        first = await begun(door, listed)
    assert first["status"] == "partial"
    assert "because of BUDGET_EXHAUSTED, this server's budget of 15 requests" in first["message"]
    created = add_up(first)["created"]
    assert 5 <= created <= 13
    async with opened(app, state, requests_per_minute=20) as door:
        second = await door.done(TOOL, import_id=first["import_id"])
        assert second["status"] == "partial"
        assert second["import_id"] == first["import_id"]
        assert add_up(second)["created"] == created + 15
        assert f"15 contacts were created. In all {created + 15} were." in second["message"]
    async with opened(app, state) as door:
        third = await door.done(TOOL, import_id=first["import_id"])
        assert third["status"] == "imported"
        assert add_up(third) == {"created": 30, "existing": 1, "invalid": 1, "duplicates": 1}
        assert third["invalid"] == [{"input": "nobody", "reason": "has no digits"}]
        assert len(await posts(door)) == 30


async def test_what_failed_in_one_call_is_told_in_the_last(door: Door) -> None:
    """With its code."""
    said = await begun(door, fresh(20), fault(422, 2), CLOSED)
    assert add_up(said) == {"failed": 2, "remaining": 18}
    done = await door.done(TOOL, import_id=said["import_id"])
    assert add_up(done) == {"failed": 2, "created": 18}
    assert done["failed"] == said["failed"]


async def test_what_is_in_doubt_is_settled_when_it_goes_on(door: Door) -> None:
    """Under the same keys, so Sent tells what it did, and nobody is created twice."""
    said = await begun(
        door,
        fresh(12),
        {"match": CREATION, "times": 99, "kind": "garbage"},
        {"match": "GET /v3/contacts", "times": 2, "kind": "delay", "seconds": 0},
        {"match": "GET /v3/contacts", "times": 99, "kind": "status", "status": 403},
    )
    assert (said["status"], add_up(said)) == ("partial", {"remaining": 12})
    assert said["message"].startswith("No contact is known to be created. Of ")
    assert " it is not known; none is created twice by a repetition." in said["message"]
    assert "because of UNREADABLE_ANSWER, " in said["message"]
    done = await door.done(TOOL, import_id=said["import_id"])
    assert add_up(done) == {"created": 12}
    assert len(await keys(door)) == await are_contacts(door, fresh(12)) == 12


async def test_a_finished_import_only_tells(door: Door) -> None:
    """Its counts, for as long as it could have gone on."""
    said = await begun(door, fresh(20), fault(422, 2), CLOSED)
    given = {"import_id": said["import_id"]}
    done = await door.done(TOOL, **given)
    await door.forget()
    again = await door.call(TOOL, **given)
    assert again.data["status"] == "imported"
    assert again.data["counts"] == done["counts"]
    assert again.data["message"] == (
        "Nothing was created by this call: the import is finished, 18 contacts in all."
    )
    assert again.text.endswith("Failed, not shown here: 2")
    assert await door.log() == []


async def test_its_token_used_again_tells_how_to_go_on(door: Door) -> None:
    """Whoever lost the answer has the token."""
    token = (await door.call(TOOL, phone_numbers=fresh(12))).token
    given = {"phone_numbers": fresh(12), "confirmation_token": token}
    await door.faults(CLOSED)
    said = await door.done(TOOL, **given)
    await door.forget()
    again = await door.done(TOOL, **given)
    assert again["status"] == "partial"
    assert again["message"].endswith("Nothing was done again.")
    assert (again["import_id"], again["next"]) == (said["import_id"], said["next"])
    assert await posts(door) == []


async def test_an_approval_used_twice_by_mistake_has_the_same_keys(
    app: Starlette, door: Door, state: Path
) -> None:
    """A state file that was put back forgets that it was used; Sent does not."""
    token = (await door.call(TOOL, phone_numbers=fresh(12))).token
    given = {"phone_numbers": fresh(12), "confirmation_token": token}
    before = await anyio.Path(state).read_bytes()
    await door.faults(CLOSED)
    assert add_up(await door.done(TOOL, **given)) == {"remaining": 12}
    tried = await keys(door)
    await door.faults()
    copy = state.with_name("copy.sqlite")
    await anyio.Path(copy).write_bytes(before)
    async with opened(app, copy) as other:
        assert add_up(await other.done(TOOL, **given)) == {"created": 12}
    assert len(await keys(door)) == 12
    assert 0 < len(tried) < 12


async def test_a_host_that_goes_away_finds_it_done(app: Starlette, state: Path) -> None:
    """What is approved is finished, and its token tells."""
    gate = Gate(app)
    async with opened(gate, state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(12))).token
        given: dict[str, Any] = {"phone_numbers": fresh(12), "confirmation_token": token}
        gate.held = CREATION
        await gate.abandon(door, TOOL, **given)
        with anyio.fail_after(10):
            while (again := await door.done(TOOL, **given))["status"] == "outcome_unknown":
                await anyio.lowlevel.checkpoint()
        assert again["status"] == "imported"
        assert await are_contacts(door, fresh(12)) == 12
        assert len(await posts(door)) == 12


async def test_a_quarter_of_the_budget_is_left_to_other_calls(app: Starlette, state: Path) -> None:
    """Whatever an import does, and it was served to its last request."""
    async with opened(app, state, requests_per_minute=40) as door:
        said = await begun(door, fresh(60))
        assert said["status"] == "partial"
        assert len([each for each in await door.log() if each["path"] == "/v3/contacts"]) == 30
        with anyio.fail_after(5):
            for _ in range(10):
                await door.done("list_contacts")


async def test_a_call_that_goes_on_waits_for_the_budget(app: Starlette, state: Path) -> None:
    """As long as it has time, or a model would call again and again in vain."""
    async with opened(app, state, requests_per_minute=8, call_timeout=12) as door:
        said = await begun(door, fresh(12))
        started = anyio.current_time()
        again = await door.done(TOOL, import_id=said["import_id"])
        assert 1 < anyio.current_time() - started < 10
    assert again["remaining"] == said["remaining"]
    assert "Nothing was created. In all " in again["message"]
    assert again["message"].endswith("; the call waits for the budget by itself.")


async def test_the_state_file_holds_numbers_only_while_an_import_runs(
    door: Door, state: Path
) -> None:
    """Not before, and not after its last call."""
    listed = [*fresh(40), SEEDED]
    token = (await door.call(TOOL, phone_numbers=listed)).token
    assert traces(state, listed) == 0
    await door.faults(fault(422, 2), CLOSED)
    said = await door.done(TOOL, phone_numbers=listed, confirmation_token=token)
    await door.faults()
    assert traces(state, listed) == 40
    await door.done(TOOL, import_id=said["import_id"])
    assert traces(state, listed) == 0


async def test_what_is_finished_at_once_is_never_written_down(door: Door, state: Path) -> None:
    """Nor what is refused."""
    token = (await door.call(TOOL, phone_numbers=fresh(12))).token
    await begun(door, fresh(12, 3000))
    await door.faults(fault(401, 100))
    await door.refused(TOOL, phone_numbers=fresh(12), confirmation_token=token)
    assert traces(state, [*fresh(12), *fresh(12, 3000)]) == 0


async def test_a_state_file_that_fails_after_it_does_not_hide_what_was_done(
    app: Starlette, state: Path
) -> None:
    """The same list goes on, too."""
    async with opened(SpoilsState(app, state), state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(40))).token
        await door.faults(*[fault(422, 2), CLOSED])
        said = await door.done(TOOL, phone_numbers=fresh(40), confirmation_token=token)
    assert (said["status"], add_up(said)) == ("partial", {"failed": 2, "remaining": 38})
    assert "import_id" not in said
    assert "next" not in said
    assert said["message"].endswith(
        "Call again with the same list; what is a contact by now stays as it is."
    )


async def test_a_key_that_is_refused_leaves_it_to_the_next_call(
    app: Starlette, door: Door, state: Path
) -> None:
    """Nobody has to wait for it."""
    said = await begun(door, fresh(12), CLOSED)
    await door.faults(fault(401, 100))
    assert (await door.refused(TOOL, import_id=said["import_id"])).startswith("AUTH_")
    await door.faults()
    async with opened(app, state) as other:
        done = await other.done(TOOL, import_id=said["import_id"])
    assert add_up(done) == {"created": 12}


async def test_the_audit_log_names_no_list(
    app: Starlette, state: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Only its first number, masked, and how many there are; nothing is logged besides."""
    file = tmp_path / "audit.jsonl"
    with caplog.at_level(logging.INFO, "sent_mcp"):
        async with opened(app, state, audit_log=str(file)) as door:
            said = await begun(door, fresh(12), CLOSED)
            await door.done(TOOL, import_id=said["import_id"])
    lines = (await anyio.Path(file).read_text()).splitlines()
    assert len(lines) == 3
    for line, confirmed in zip(lines[1:], ("token", "before"), strict=True):
        assert f'"confirmed": "{confirmed}"' in line
        assert '"target": "import 12 contacts: +1415*****00 and 11 more"' in line
    assert not any(number in text for number in fresh(12) for text in (*lines, caplog.text))

"""Creating contacts and opting them out needs no question, until there were ten in ten minutes."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened, served
from tests.guard.test_state_file import reached

MANY = "Ten contacts were created or opted out within ten minutes already, so each is asked about."


@pytest.fixture
async def url(app: Starlette) -> AsyncGenerator[str]:
    """Where the emulator is reached."""
    async with served(app) as url:
        yield url


@pytest.fixture
async def door(url: str, state: Path) -> AsyncGenerator[Door]:
    """A server that is no demo: it counts in the state file."""
    async with reached(url, state, call_timeout=4) as door:
        yield door


def number(index: int) -> str:
    """A number that is not a contact yet."""
    return f"+141555502{index:02d}"


async def create(door: Door, first: int, count: int) -> None:
    """Creates so many contacts, and nobody is asked."""
    for index in range(first, first + count):
        made = await door.done("create_contact", phone_number=number(index))
        assert made["status"] == "created", index


async def opt_out(door: Door, index: int) -> None:
    """Opts one of the seeded contacts out, and nobody is asked."""
    contact_id = await door.contact(f"+141555501{index:02d}")
    out = await door.done("update_contact", contact_id=contact_id, opt_out=True)
    assert (out["status"], out["changed"]) == ("updated", ["opt_out"])


async def asked(door: Door) -> str:
    """The token of the question about the next contact, which is not created yet."""
    await door.forget()
    said = await door.done("create_contact", phone_number=number(99))
    assert said["status"] == "confirmation_required"
    assert said["message"].startswith("Nothing was created. Show the user the question;")
    assert said["question"].splitlines()[1:] == [f"Create the contact {number(99)}?", MANY]
    assert said["confirmation_token"].startswith(f"create {number(99)} cf_")
    assert await door.changes() == []
    return said["confirmation_token"]


def make_older(state: Path, seconds: float) -> None:
    """Every change was made that much earlier, which is the same as waiting."""
    with closing(sqlite3.connect(state)) as database, database:
        database.execute("UPDATE changes SET at = at - ?", (seconds,))


async def test_the_eleventh_within_ten_minutes_is_asked(door: Door) -> None:
    """Created with its token, and only then."""
    await create(door, 0, 10)
    token = await asked(door)
    made = await door.done("create_contact", phone_number=number(99), confirmation_token=token)
    assert made["status"] == "created"
    again = await door.done("create_contact", phone_number=number(99), confirmation_token=token)
    assert "already used" in again["message"]
    assert await door.changes() == ["POST /v3/contacts"]


async def test_creating_and_opting_out_count_together(door: Door) -> None:
    """Either of them is asked then; whatever else a contact can be told is not."""
    await create(door, 0, 5)
    for index in range(5):
        await opt_out(door, index)
    await asked(door)
    contact_id = await door.contact("+14155550110")
    said = await door.done("update_contact", contact_id=contact_id, opt_out=True)
    assert said["status"] == "confirmation_required"
    first, *rest = said["question"].splitlines()[1:]
    assert first == f"Stop all messages to +14155550110 (id {contact_id})?"
    assert MANY in rest
    channel = await door.done("update_contact", contact_id=contact_id, default_channel="whatsapp")
    assert channel["status"] == "updated"
    token = said["confirmation_token"]
    anew = await door.done(
        "update_contact", contact_id=contact_id, opt_out=True, confirmation_token=token
    )
    assert anew["status"] == "confirmation_required"
    token = anew["confirmation_token"]
    out = await door.done(
        "update_contact", contact_id=contact_id, opt_out=True, confirmation_token=token
    )
    assert out["changed"] == ["opt_out"]


async def test_what_changed_nothing_does_not_count(door: Door) -> None:
    """Contacts there are, dry runs, opt-outs there are, and what Sent refused."""
    await create(door, 0, 9)
    out = (await door.opted_out())["id"]
    for _ in range(3):
        found = await door.done("create_contact", phone_number=SEEDED)
        assert found["status"] == "exists"
        tried = await door.done("create_contact", phone_number=number(50), dry_run=True)
        assert (tried["status"], tried.get("question")) == ("dry_run", None)
        same = await door.done("update_contact", contact_id=out, opt_out=True)
        assert same["status"] == "unchanged"
        await door.faults(
            {"match": "POST /v3/contacts", "kind": "status", "status": 422},
            {"match": "PATCH /v3/contacts", "kind": "status", "status": 403},
        )
        await door.refused("create_contact", phone_number=number(51))
        contact_id = await door.contact()
        await door.refused("update_contact", contact_id=contact_id, opt_out=True)
    await create(door, 9, 1)
    await asked(door)


async def test_lifting_an_opt_out_does_not_count(door: Door) -> None:
    """It is asked about anyway."""
    await create(door, 0, 9)
    out = (await door.opted_out())["id"]
    lifted = await door.twice("update_contact", contact_id=out, opt_out=False)
    assert lifted["status"] == "updated"
    await create(door, 9, 1)
    await asked(door)


async def test_a_change_whose_outcome_is_not_known_counts(door: Door) -> None:
    """It may have been made."""
    await create(door, 0, 9)
    # Nor can it be found by reading: the lookup that would settle it is refused as well.
    await door.faults(
        {"match": "POST /v3/contacts", "times": 9, "kind": "garbage"},
        {"match": "GET /v3/contacts", "times": 99, "kind": "status", "status": 403},
    )
    said = await door.done("create_contact", phone_number=number(9))
    assert said["status"] == "outcome_unknown"
    await door.faults()
    await asked(door)


async def test_those_that_were_approved_count(door: Door, state: Path) -> None:
    """Ten by themselves are too many for one without a question."""
    await create(door, 0, 10)
    for index in range(10, 20):
        made = await door.twice("create_contact", phone_number=number(index))
        assert made["status"] == "created"
    with closing(sqlite3.connect(state)) as database, database:
        database.execute("UPDATE changes SET at = at - 600 WHERE id <= 10")
    await asked(door)


async def test_an_approved_one_that_changed_nothing_does_not_count(door: Door, state: Path) -> None:
    """A contact that somebody else created meanwhile, and one that Sent refused."""
    await create(door, 0, 10)
    make_older(state, 300)
    found = await door.twice("create_contact", phone_number=SEEDED)
    assert found["status"] == "exists"
    token = await asked(door)
    await door.faults({"match": "POST /v3/contacts", "kind": "status", "status": 422})
    await door.refused("create_contact", phone_number=number(99), confirmation_token=token)
    make_older(state, 300)
    await create(door, 10, 10)
    await asked(door)


async def test_after_ten_minutes_nobody_is_asked(door: Door, state: Path) -> None:
    """One by one, as each of the ten is that old."""
    await create(door, 0, 1)
    make_older(state, 300)
    await create(door, 1, 9)
    make_older(state, 299)
    await asked(door)
    make_older(state, 1)
    await create(door, 10, 1)
    await asked(door)


async def test_servers_on_one_file_count_together(door: Door, url: str, state: Path) -> None:
    """However many contacts are created at the same time."""
    said: list[str] = []

    async def one(door: Door, index: int) -> None:
        made = await door.done("create_contact", phone_number=number(index))
        said.append(made["status"])

    async with reached(url, state) as other:
        async with anyio.create_task_group() as tasks:
            for index in range(16):
                tasks.start_soon(one, (door, other)[index % 2], index)
        assert sorted(said) == ["confirmation_required"] * 6 + ["created"] * 10
        await asked(door)
        await asked(other)


async def test_accounts_are_counted_one_by_one(door: Door, url: str, state: Path) -> None:
    """One state file may serve several."""
    await create(door, 0, 10)
    async with reached(url.replace("127.0.0.1", "localhost"), state) as other:
        await create(other, 10, 1)
    await asked(door)


async def test_without_questions_nothing_is_counted(url: str, state: Path) -> None:
    """SENT_MCP_CONFIRM=off."""
    async with reached(url, state, confirm="off") as door:
        await create(door, 0, 12)


async def test_a_demo_counts_for_itself(app: Starlette, state: Path) -> None:
    """Its contacts are gone when it ends, and so is the count of them."""
    for first in (0, 20):
        async with opened(app, state) as door:
            await create(door, first, 10)
            await asked(door)

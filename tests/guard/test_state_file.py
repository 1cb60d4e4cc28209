"""The state file under the guard: what is kept in it, and what happens without it."""

import os
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from mcp import Client
from starlette.applications import Starlette

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, Door, opened, served


@asynccontextmanager
async def reached(url: str, state: Path | str, **settings: object) -> AsyncGenerator[Door]:
    """A client before a server that reaches the emulator at `url`, as it would reach Sent.

    So it is no demo, which keeps in memory what it sent and how many contacts it changed.
    """
    given: dict[str, object] = {"api_key": KEY, "base_url": url, "state": str(state), **settings}
    server = build_server(load_settings([], **given))
    async with Client(server) as client, httpx.AsyncClient(base_url=url) as http:
        yield Door(client, http)


async def test_state_in_memory_works_within_one_server(app: Starlette) -> None:
    """And is gone with it."""
    async with opened(app, "memory:") as door:
        gone = await door.twice("delete_contact", contact_id=await door.contact())
    assert gone["status"] == "deleted"


async def test_a_token_is_good_for_five_minutes(door: Door, state: Path) -> None:
    """By the clock of the state store; afterwards a new question comes, as often as asked."""
    contact_id = await door.contact()
    token = (await door.call("delete_contact", contact_id=contact_id)).token
    # The approval is made older, which is the same as waiting.
    with sqlite3.connect(state) as database:
        database.execute("UPDATE approvals SET asked_at = asked_at - 301")
        database.execute("UPDATE approvals SET expires_at = expires_at - 301")
    database.close()
    old: dict[str, Any] = {}
    for _ in range(2):
        old = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert old["status"] == "expired"
        assert old["message"].startswith("Nothing was deleted. The token is too old.")
    assert await door.changes() == []
    fresh = await door.done(
        "delete_contact", contact_id=contact_id, confirmation_token=old["confirmation_token"]
    )
    assert fresh["status"] == "deleted"


async def test_only_the_newest_fifty_approvals_wait(door: Door) -> None:
    """A model that asks for ever fills nothing."""
    contact_id = await door.contact()
    tokens = [(await door.call("delete_contact", contact_id=contact_id)).token for _ in range(51)]
    first = await door.done("delete_contact", contact_id=contact_id, confirmation_token=tokens[0])
    assert first["status"] == "expired"
    last = await door.done("delete_contact", contact_id=contact_id, confirmation_token=tokens[-1])
    assert last["status"] == "deleted"


def unusable(state: Path) -> dict[str, Callable[[], object]]:
    """Ways in which a state file cannot be used."""

    def newer() -> None:
        database = sqlite3.connect(state)
        database.execute("PRAGMA user_version = 99")
        database.close()

    def link() -> None:
        target = state.with_name("elsewhere")
        target.touch()
        state.symlink_to(target)

    return {
        "a directory": state.mkdir,
        "a symlink": link,
        "corrupt": lambda: state.write_bytes(b"not a database, not at all. " * 100),
        "newer": newer,
        "below a file": lambda: state.parent.joinpath("file").touch(),
        "a pipe": lambda: os.mkfifo(state),
    }


WAYS = ["a directory", "a symlink", "corrupt", "newer", "below a file", "a pipe"]


def broken(state: Path, how: str) -> Path:
    """Where a state file is that cannot be used."""
    unusable(state)[how]()
    return state.parent / "file" / "state.sqlite" if how == "below a file" else state


@pytest.mark.parametrize("how", WAYS)
async def test_without_a_usable_state_file_guarded_changes_are_refused_and_reads_go_on(
    app: Starlette, state: Path, how: str
) -> None:
    """With or without a token; a dry run of a deletion goes on too."""
    async with served(app) as url, reached(url, broken(state, how)) as door:
        contact_id, out = await door.contact(), await door.opted_out()
        made_up = f"delete {SEEDED} cf_" + "A" * 34
        for token in (None, made_up):
            told: list[str] = [
                await door.refused(tool, **given, confirmation_token=token)
                for tool, given in (
                    ("delete_contact", {"contact_id": contact_id}),
                    ("send_message", {"to": SEEDED, "text": "Hi"}),
                    ("update_contact", {"contact_id": out["id"], "opt_out": False}),
                )
            ]
            for text in told:
                assert text.startswith("STATE_UNAVAILABLE: the state store ")
                assert "Nothing was changed or sent." in text
        assert (await door.done("delete_contact", contact_id=contact_id, dry_run=True))["status"]
        assert (await door.done("list_contacts"))["total_count"] == 150
        assert await door.changes() == []


@pytest.mark.parametrize("how", WAYS)
async def test_without_a_usable_state_file_nothing_is_created_or_opted_out(
    app: Starlette, state: Path, how: str
) -> None:
    """Nobody could say how many there were before; only a dry run needs not to know."""
    async with served(app) as url, reached(url, broken(state, how)) as door:
        contact_id = await door.contact()
        for tool, given in (
            ("create_contact", {"phone_number": "+14155559999"}),
            ("update_contact", {"contact_id": contact_id, "opt_out": True}),
        ):
            text = await door.refused(tool, **given)
            assert text.startswith("STATE_UNAVAILABLE: the state store ")
            assert "Nothing was changed or sent." in text
            assert await door.changes() == []
            assert (await door.done(tool, **given, dry_run=True))["status"] == "dry_run"
            await door.forget()
        assert (await door.done("get_contact", contact_id=contact_id))["contact"]["id"]


@pytest.mark.parametrize("logged", [False, True])
@pytest.mark.parametrize("confirm", ["auto", "ask", "token", "off"])
async def test_without_a_usable_state_file_changes_that_need_no_guard_go_on(
    app: Starlette, state: Path, confirm: str, logged: bool
) -> None:
    """In every mode, and with an audit log, which says that the arguments have no fingerprint."""
    log = state.with_name("audit.jsonl")
    settings = {"audit_log": str(log)} if logged else {}
    where = broken(state, "a directory")
    async with served(app) as url, reached(url, where, confirm=confirm, **settings) as door:
        contact_id = await door.contact()
        changed = await door.done(
            "update_contact", contact_id=contact_id, default_channel="whatsapp"
        )
        assert (changed["status"], changed["changed"]) == ("updated", ["default_channel"])
    assert log.exists() == logged
    if logged:
        (line,) = log.read_text().splitlines()
        assert "STATE_UNAVAILABLE" in line


async def test_nothing_readable_is_kept(app: Starlette, state: Path) -> None:
    """No number, no text, no name; and nobody else may open the file."""
    secrets = [SEEDED, "4155550102", "+14155550103", "Hello you", "order_confirmation", "Ada", KEY]
    async with served(app) as url, reached(url, state) as door:
        contact_id = await door.contact()
        hidden = [*secrets, "4155559999", "4155550104", contact_id]
        await door.twice("send_message", to=[SEEDED, "+14155550103"], text="Hello you")
        values = {"name": "Ada", "order_number": "7"}
        await door.twice(
            "send_message", to=SEEDED, template_name="order_confirmation", parameters=values
        )
        await door.done("create_contact", phone_number="+14155559999")
        await door.faults({"match": "POST /v3/messages", "kind": "garbage"})
        await door.twice("send_message", to="+14155550104", text="Hello you")
        await door.call("delete_contact", contact_id=contact_id)
        await door.twice("delete_contact", contact_id=contact_id)
        await door.call("send_message", to=SEEDED, text="Hello you")
        look(state, hidden)
    look(state, hidden)


def look(state: Path, hidden: list[str]) -> None:
    """Reads what is kept, while the store is open and afterwards."""
    files = cast("list[Any]", [path for path in state.parent.iterdir() if path.is_file()])
    assert state in files
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        kept = path.read_bytes()
        for text in hidden:
            assert text.encode() not in kept, text

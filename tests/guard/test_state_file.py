"""The state file under the guard: what is kept in it, and what happens without it."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from mcp import Client
from starlette.applications import Starlette

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, Door, opened, served


async def test_state_in_memory_works_within_one_server(app: Starlette) -> None:
    """And is gone with it."""
    async with opened(app, "memory:") as door:
        gone = await door.twice("delete_contact", contact_id=await door.contact())
    assert gone["status"] == "deleted"


async def test_a_token_is_good_for_five_minutes(
    door: Door, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    """By the clock of the state store; afterwards a new question comes, as often as asked."""
    contact_id = await door.contact()
    token = (await door.call("delete_contact", contact_id=contact_id)).token
    # The approval is made older, which is the same as waiting.
    with sqlite3.connect(state) as database:
        database.execute("UPDATE approvals SET expires_at = expires_at - 301")
    database.close()
    old: dict[str, Any] = {}
    for _ in range(2):
        old = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert old["status"] == "expired"
        assert old["message"].startswith("Nothing was deleted. The token is too old;")
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


@pytest.mark.parametrize(
    "how", ["a directory", "a symlink", "corrupt", "newer", "below a file", "a pipe"]
)
async def test_without_a_usable_state_file_guarded_calls_are_refused_and_reads_go_on(
    app: Starlette, state: Path, how: str
) -> None:
    """With or without a token; unguarded changes go on too."""
    unusable(state)[how]()
    where = state.parent / "file" / "state.sqlite" if how == "below a file" else state
    async with opened(app, where) as door:
        contact_id = await door.contact()
        made_up = f"delete {SEEDED} cf_" + "A" * 34
        for token in (None, made_up):
            text = await door.refused(
                "delete_contact", contact_id=contact_id, confirmation_token=token
            )
            assert text.startswith("STATE_UNAVAILABLE: the state store ")
            assert "Nothing was changed or sent." in text
        assert (await door.refused("send_message", to=SEEDED, text="Hi")).startswith("STATE_")
        assert (await door.done("delete_contact", contact_id=contact_id, dry_run=True))["status"]
        assert (await door.done("list_contacts"))["total_count"] == 150
        assert await door.changes() == []
        out = await door.done("update_contact", contact_id=contact_id, opt_out=True)
        assert out["status"] == "updated"


async def test_nothing_readable_is_kept(app: Starlette, state: Path) -> None:
    """No number, no text, no name; and nobody else may open the file."""
    secrets = [SEEDED, "4155550102", "+14155550103", "Hello you", "order_confirmation", "Ada", KEY]
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        settings = load_settings([], api_key=KEY, base_url=url, state=str(state))
        async with Client(build_server(settings)) as client:
            door = Door(client, http)
            contact_id = await door.contact()
            await door.twice("send_message", to=[SEEDED, "+14155550103"], text="Hello you")
            values = {"name": "Ada", "order_number": "7"}
            await door.twice(
                "send_message",
                to=SEEDED,
                template_name="order_confirmation",
                parameters=values,
            )
            await door.call("delete_contact", contact_id=contact_id)
            await door.twice("delete_contact", contact_id=contact_id)
            await door.call("send_message", to=SEEDED, text="Hello you")
    files = cast("list[Any]", [path for path in state.parent.iterdir() if path.is_file()])
    assert state in files
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        kept = path.read_bytes()
        for text in [*secrets, contact_id]:
            assert text.encode() not in kept, text

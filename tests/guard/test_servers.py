"""Approvals across servers: one state file, several processes, several accounts."""

import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from starlette.applications import Starlette

from sent_mcp.emulator import serve
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, Door, opened

SECRET = "a secret of at least thirty-two characters"


async def test_a_token_of_one_server_is_accepted_once_by_another(
    app: Starlette, state: Path
) -> None:
    """The secret and the approval are in the state file."""
    async with opened(app, state) as one, opened(app, state) as two:
        contact_id = await one.contact()
        token = (await one.call("delete_contact", contact_id=contact_id)).token
        gone = await two.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert gone["status"] == "deleted"
        again = await one.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert "already used" in again["message"]
        assert len(await one.changes()) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"secret": SECRET}),
        ({"secret": SECRET}, {"secret": SECRET + "!"}),
        ({"secret": SECRET}, {}),
    ],
)
async def test_a_token_signed_with_another_secret_is_rejected(
    app: Starlette, state: Path, first: dict[str, object], second: dict[str, object]
) -> None:
    """Even on the same state file."""
    async with opened(app, state, **first) as one, opened(app, state, **second) as two:
        contact_id = await one.contact()
        token = (await one.call("delete_contact", contact_id=contact_id)).token
        wrong = await two.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert wrong["status"] == "token_rejected"
        assert await one.changes() == []


async def test_a_good_signature_without_its_record_is_worth_nothing(
    app: Starlette, tmp_path: Path
) -> None:
    """Two state files with one secret: the approval is in the other one."""
    async with (
        opened(app, tmp_path / "one", secret=SECRET) as one,
        opened(app, tmp_path / "two", secret=SECRET) as two,
        opened(app, "memory:", secret=SECRET) as three,
    ):
        contact_id = await one.contact()
        token = (await one.call("delete_contact", contact_id=contact_id)).token
        for other in (two, three):
            old = await other.done(
                "delete_contact", contact_id=contact_id, confirmation_token=token
            )
            assert old["status"] == "expired"
            assert old["message"].startswith("Nothing was deleted. The token is too old;")
        assert await one.changes() == []


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
    for _ in range(2):
        old = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert old["status"] == "expired"
        assert old["message"] == (
            "Nothing was deleted. The token is too old; a new one comes with this answer."
        )
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


@asynccontextmanager
async def served(app: Starlette) -> AsyncGenerator[str]:
    """The emulator on a real socket: its base URL."""
    ports: list[int] = []
    ready = anyio.Event()

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            await serve(app, host="127.0.0.1", port=0, on_ready=on_ready)

        tasks.start_soon(run)
        await ready.wait()
        yield f"http://127.0.0.1:{ports[0]}"
        tasks.cancel_scope.cancel()


async def test_a_token_is_for_one_account_only(app: Starlette, state: Path) -> None:
    """The question names the account; a profile and another address are other accounts."""
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        given: dict[str, object] = {"api_key": KEY, "state": str(state)}
        mine = build_server(load_settings([], **given, base_url=url))
        others = [
            load_settings([], **given, base_url=url.replace("127.0.0.1", "localhost")),
            load_settings([], **given, base_url=url, profile_id="other"),
        ]
        async with Client(mine) as client:
            door = Door(client, http)
            contact_id = await door.contact()
            first = await door.call("delete_contact", contact_id=contact_id)
            assert first.data["question"].startswith("Account: ")
        for settings in others:
            async with Client(build_server(settings)) as client:
                said = await client.call_tool(
                    "delete_contact",
                    {"contact_id": contact_id, "confirmation_token": first.token},
                )
                status = (said.structured_content or {}).get("status")
                assert said.is_error or status == "token_rejected"
        assert await Door(client, http).changes() == []


async def test_a_token_works_across_two_processes_and_acts_once(
    app: Starlette, state: Path
) -> None:
    """Both were started by a host, as they are in life."""
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        process = StdioServerParameters(
            command=sys.executable,
            args=["-m", "sent_mcp"],
            env={
                **{name: value for name, value in os.environ.items() if name != "SENT_API_KEY"},
                "SENT_API_KEY": KEY,
                "SENT_BASE_URL": url,
                "SENT_MCP_STATE": str(state),
            },
        )
        async with Client(process) as first, Client(process) as second:
            one, two = Door(first, http), Door(second, http)
            given: dict[str, object] = {"to": SEEDED, "text": "Hello"}
            token = (await one.call("send_message", **given)).token
            said: list[str] = []

            async def use(door: Door) -> None:
                answer = await door.done("send_message", **given, confirmation_token=token)
                said.append(answer["status"])

            async with anyio.create_task_group() as tasks:
                for door in (one, two, one, two):
                    tasks.start_soon(use, door)
            assert "accepted" in said
            assert set(said) <= {"accepted", "outcome_unknown"}
            assert await one.changes() == ["POST /v3/messages"]
            found = await two.done("get_message", to=SEEDED)
            assert found["messages"][0]["to"] == SEEDED


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

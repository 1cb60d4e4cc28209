"""Approvals across servers: one state file, several processes, several accounts."""

import os
import sys
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from starlette.applications import Starlette

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, Door, opened, served

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
    app: Starlette, state: Path, first: dict[str, Any], second: dict[str, Any]
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
            assert old["message"].startswith("Nothing was deleted. The token is too old.")
        assert await one.changes() == []


async def test_a_token_is_for_one_account_only(app: Starlette, state: Path) -> None:
    """The question names the account; a profile and another address are other accounts."""
    async with served(app) as url, httpx.AsyncClient(base_url=url) as http:
        given: dict[str, Any] = {"api_key": KEY, "state": str(state)}
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
                found = cast("dict[str, Any]", said.structured_content or {})
                assert said.is_error or found["status"] == "token_rejected"
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
            given: dict[str, Any] = {"to": SEEDED, "text": "Hello"}
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

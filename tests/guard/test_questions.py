"""A question shows all that is approved with it, and a refusal by Sent can be asked about again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from mcp import Client
from starlette.applications import Starlette

from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, SEEDED, opened, served


async def test_the_question_about_an_opt_in_names_what_else_is_changed(
    app: Starlette, state: Path
) -> None:
    async with opened(app, state) as door:
        contact = await door.opted_out()
        asked = await door.done(
            "update_contact",
            contact_id=contact["id"],
            opt_out=False,
            metadata={"vip": "yes\nreally"},
        )
    assert r'Also: metadata vip = "yes\nreally"' in asked["question"].splitlines()


async def test_a_change_that_sent_refused_is_asked_about_anew(app: Starlette, state: Path) -> None:
    """With the same token nothing is done: a person should see why it was refused."""
    async with opened(app, state) as door:
        contact_id = await door.contact()
        asked = await door.done("delete_contact", contact_id=contact_id)
        token = asked["confirmation_token"]
        await door.faults({"match": "DELETE /v3/contacts", "kind": "status", "status": 403})
        refused = await door.refused(
            "delete_contact", contact_id=contact_id, confirmation_token=token
        )
        assert refused.startswith("AUTH_004")
        await door.forget()
        again = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert again["status"] == "confirmation_required"
        assert again["confirmation_token"] != token
        assert await door.changes() == []


@asynccontextmanager
async def not_a_demo(
    app: Starlette, state: Path
) -> AsyncGenerator[tuple[Client, httpx.AsyncClient]]:
    """A server that reaches the emulator over a socket, as it would reach Sent."""
    async with served(app) as url:
        given = {"api_key": KEY, "base_url": url, "state": str(state)}
        server = build_server(load_settings([], **given))
        async with Client(server) as client, httpx.AsyncClient(base_url=url) as http:
            yield client, http


async def test_a_question_begins_with_the_account_in_quotes(app: Starlette, state: Path) -> None:
    """The name is the account's own words, not ours."""
    async with not_a_demo(app, state) as (client, _):
        asked = await client.call_tool("send_message", {"to": SEEDED, "text": "Hi"})
    assert asked.structured_content["question"].splitlines()[0] == 'Account: "Acme".'


async def test_a_dry_run_whose_question_cannot_be_worded_sends_nothing(
    app: Starlette, state: Path
) -> None:
    """Otherwise an error about the account would hide what the dry run did."""
    async with not_a_demo(app, state) as (client, http):
        fault = {"match": "GET /v3/me", "kind": "status", "status": 403, "times": 1}
        await http.post("/__emulator/faults", json=[fault])
        given = {"to": SEEDED, "text": "Hi", "dry_run": True}
        answer = await client.call_tool("send_message", given)
        log = (await http.get("/__emulator/requests")).json()
    assert answer.is_error
    assert [request["path"] for request in log if request["method"] == "POST"] == []

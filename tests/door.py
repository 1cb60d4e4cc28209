"""The public door: an MCP client before the real server before the emulator."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import jsonschema
import mcp_types as mcp
from mcp import Client
from starlette.applications import Starlette
from starlette.types import ASGIApp

from sent_mcp.emulator import serve
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from sent_mcp.tools import TOOLS
from tests.leaks import WATCH

KEY = "sk_test_emulator"
OFFERED = len([tool for tool in TOOLS if tool.offer.toolset != "lookup"])
"""How many tools there are without any setting."""
CHANGES = ("POST", "PATCH", "DELETE")
SEEDED = "+14155550102"
"""A contact of the emulator's that is on SMS and WhatsApp."""


@dataclass(frozen=True)
class Reply:
    """What a tool answered; `data` is empty for an error."""

    is_error: bool
    text: str
    data: dict[str, Any]

    @property
    def token(self) -> str:
        """The confirmation token."""
        return self.data["confirmation_token"]


class Door:
    """One connected client, and the control endpoints of the emulator behind the server."""

    def __init__(
        self, client: Client, http: httpx.AsyncClient, *, masks_phones: bool = False
    ) -> None:
        self.client = client
        self.http = http
        self._masks_phones = masks_phones
        self._tools: dict[str, mcp.Tool] = {}

    async def tools(self) -> dict[str, mcp.Tool]:
        """The tools a host sees, by name."""
        if not self._tools:
            listed = await self.client.list_tools()
            self._tools = {tool.name: tool for tool in listed.tools}
        return self._tools

    async def call(self, tool: str, **arguments: object) -> Reply:
        """One call; a result must fit its published schema, and its text hold the same facts."""
        answer = await self.client.call_tool(tool, arguments)
        (content,) = answer.content
        assert isinstance(content, mcp.TextContent)
        said = f"{content.text}\n{answer.structured_content}"
        WATCH.see(f"an answer of {tool}", said, numbers=self._masks_phones)
        if answer.is_error:
            assert answer.structured_content is None
            return Reply(True, content.text, {})
        data = cast("dict[str, Any]", answer.structured_content)
        schema = (await self.tools())[tool].output_schema
        assert schema is not None
        jsonschema.validate(data, schema)
        # The one thing told twice in the structure; with ids, the text would grow too long.
        told = {name: value for name, value in data.items() if name != "results"}
        for fact in facts_of(told):
            assert fact in content.text, f"{fact!r} is not in the text:\n{content.text}"
        return Reply(False, content.text, data)

    async def done(self, tool: str, **arguments: object) -> dict[str, Any]:
        """The structured result of a call that must not fail."""
        reply = await self.call(tool, **arguments)
        assert not reply.is_error, reply.text
        return reply.data

    async def refused(self, tool: str, **arguments: object) -> str:
        """The text of a call that must fail."""
        reply = await self.call(tool, **arguments)
        assert reply.is_error, reply.text
        return reply.text

    async def twice(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Asks, and then acts with the token that came back."""
        first = await self.call(tool, **arguments)
        return await self.done(tool, **arguments, confirmation_token=first.token)

    async def log(self) -> list[dict[str, Any]]:
        """Every API request so far."""
        return (await self.http.get("/__emulator/requests")).json()

    async def changes(self) -> list[str]:
        """The requests so far that change something: method and path."""
        log = await self.log()
        return [f"{r['method']} {r['path']}" for r in log if r["method"] in CHANGES]

    async def forget(self) -> None:
        """Clears the log of requests."""
        await self.http.delete("/__emulator/requests")

    async def advance(self, seconds: float) -> None:
        """Moves the emulator's clock."""
        await self._control("clock", {"advance_seconds": seconds})

    async def faults(self, *faults: dict[str, object]) -> None:
        """Replaces all faults."""
        await self._control("faults", list(faults))

    async def contact(self, phone_number: str = SEEDED) -> str:
        """The id of the contact with this number."""
        found = await self.done("find_contact_by_phone", phone_number=phone_number)
        return found["contact"]["id"]

    async def opted_out(self) -> dict[str, Any]:
        """A contact that has opted out."""
        return (await self.done("list_contacts", opt_out=True))["contacts"][0]

    async def _control(self, name: str, body: object) -> None:
        response = await self.http.post(f"/__emulator/{name}", json=body)
        assert response.is_success, response.text


def facts_of(value: object) -> Iterator[str]:
    """Every text in a result, line by line: hosts show either the structure or the text."""
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, list):
        for each in cast("Sequence[object]", value):
            yield from facts_of(each)
    elif isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from facts_of(each)


@asynccontextmanager
async def opened(
    app: ASGIApp, state: Path | str, *, mode: str = "auto", **settings: object
) -> AsyncGenerator[Door]:
    """A client before a server with these settings; `app` is the emulator behind it."""
    given: dict[str, object] = {
        "api_key": KEY,
        "base_url": "http://localhost",
        "state": str(state),
        **settings,
    }
    WATCH.know(given)
    server = build_server(load_settings([], **given), emulator=app)
    async with (
        Client(server, mode=mode) as client,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Door(client, http, masks_phones=bool(settings.get("mask_phones")))


@asynccontextmanager
async def reaching(
    url: str, state: Path | str, *, mode: str = "auto", **settings: object
) -> AsyncGenerator[Door]:
    """Like `opened`, before a server that reaches a served emulator as it would reach Sent."""
    given: dict[str, object] = {"api_key": KEY, "base_url": url, "state": str(state), **settings}
    WATCH.know(given)
    server = build_server(load_settings([], **given))
    async with (
        Client(server, mode=mode) as client,
        httpx.AsyncClient(base_url=url) as http,
    ):
        yield Door(client, http, masks_phones=bool(settings.get("mask_phones")))


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

"""When callers keep the connections to Sent busy: what that means for the others."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import TaskGroup
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.client.newcomers import MOST_AT_ONCE
from sent_mcp.emulator import create_app
from sent_mcp.emulator.account import PROFILES
from sent_mcp.http_settings import load_http_settings
from tests.door import KEY, SEEDED, served
from tests.http.sites import Inside, inside
from tests.http.wire import Client
from tests.serving.wire import Message

OTHER = "sk_test_of_somebody_else_0002"
REQUESTS = 30
HELLO: Message = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}


class Watched:
    """What reaches Sent, by key; the requests with some keys are held before they do."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._held = ""
        self._missing = 0
        self.came = self._go_on = asyncio.Event()

    def hold(self, key: str, until: int = 1) -> None:
        """From now on, hold those that begin like this; so many of them set `came`."""
        self.let_go()
        self._held, self._missing = key, until
        self.came, self._go_on = asyncio.Event(), asyncio.Event()

    def let_go(self) -> None:
        """Hold none any more."""
        self._held = ""
        self._go_on.set()

    async def pass_on(self, key: str, method: str) -> None:
        """Returns when the request may go on."""
        self.seen.append((key, method))
        if self._held and key.startswith(self._held):
            self._missing -= 1
            if not self._missing:
                self.came.set()
            await self._go_on.wait()


class _Watching:
    """In front of an emulator that knows KEY; OTHER is the key of another account."""

    def __init__(self, app: ASGIApp, watched: Watched) -> None:
        self._app = app
        self._other = create_app(api_key=OTHER)
        self._watched = watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = dict(scope["headers"]).get(b"x-api-key", b"").decode()
        await self._watched.pass_on(key, scope["method"])
        await (self._other if key == OTHER else self._app)(scope, receive, send)


@asynccontextmanager
async def site_before(watched: Watched) -> AsyncGenerator[Inside]:
    """A server to which everybody brings a key."""
    app = create_app(api_key=KEY)
    app.add_middleware(_Watching, watched=watched)
    http = load_http_settings(auth="passthrough")
    async with (
        served(app) as url,
        inside(url, http=http, requests_per_minute=REQUESTS) as site,
    ):
        yield site
        watched.let_go()


async def nearly_spend_the_budget(client: Client) -> None:
    """One more request, and there is none left."""
    for _ in range(REQUESTS - 1):
        await client.call("list_contacts")


async def ask_for_a_connection(client: Client, calls: TaskGroup) -> None:
    """A read of this caller waits for a connection when this returns.

    The next step of whoever spent the last of a budget is to wait for one; and it is spent when
    another read is refused for it.
    """
    refused = anyio.Event()

    async def read() -> None:
        answer = await client.ask("tools/call", {"name": "list_contacts", "arguments": {}})
        if answer.result.get("isError"):
            assert "BUDGET_EXHAUSTED" in str(answer.result)
            refused.set()

    calls.start_soon(read)
    calls.start_soon(read)
    await refused.wait()


async def test_a_send_that_never_got_a_connection_is_told_as_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its approval asks again, nothing stays open, and then it goes out once."""
    monkeypatch.setattr("sent_mcp.client.http1.MOST_CONNECTIONS", 1)
    monkeypatch.setattr("sent_mcp.client.transport.CHANGE_SECONDS", 0.1)
    monkeypatch.setattr("sent_mcp.client.retries.FIRST_WAIT", 0.0)
    watched = Watched()
    async with site_before(watched) as site:
        mine, others = site.bearer(KEY), site.bearer(OTHER)
        asked = await mine.call("send_message", **HELLO)
        given = {**HELLO, "confirmation_token": asked["confirmation_token"]}
        await nearly_spend_the_budget(others)
        told: list[str] = []

        async def send() -> None:
            told.append(await mine.refused("send_message", **given))
            watched.let_go()

        # The read of the send has the only connection, and the other caller's takes it over.
        watched.hold(KEY)
        async with anyio.create_task_group() as calls:
            calls.start_soon(send)
            await watched.came.wait()
            await ask_for_a_connection(others, calls)
            watched.hold(OTHER)
        assert len(told) == 1
        assert told[0].startswith("TIMEOUT: there was no free connection to Sent")
        assert "Nothing was changed or sent. Try again in a minute." in told[0]
        assert (KEY, "POST") not in watched.seen
        again = await mine.call("send_message", **given)
        assert again["status"] == "confirmation_required"
        assert "the change was refused then; so this asks again" in again["message"]
        assert again["question"] == asked["question"]
        given["confirmation_token"] = again["confirmation_token"]
        assert (await mine.call("send_message", **given))["status"] == "accepted"
        assert watched.seen.count((KEY, "POST")) == 1


async def test_strangers_with_keys_of_their_own_making_leave_the_others_room() -> None:
    """Sent is asked about a few at once, however slow it is with them."""
    watched = Watched()
    async with site_before(watched) as site:
        mine = site.bearer(KEY)
        await mine.call("list_contacts")
        watched.hold("made-up", until=MOST_AT_ONCE)
        async with anyio.create_task_group() as calls:
            for number in range(40):
                stranger = site.bearer(f"made-up-key-number-{number:04}")
                calls.start_soon(stranger.refused, "list_contacts")
            await watched.came.wait()
            for _ in range(5):
                await mine.call("list_contacts")
            assert len([key for key, _ in watched.seen if key != KEY]) == MOST_AT_ONCE
            watched.let_go()


async def test_a_wrong_key_is_tried_once_whatever_profile_it_comes_with() -> None:
    """Sent locks a key that was wrong ten times, and no profile makes it a better one."""
    watched = Watched()
    async with site_before(watched) as site:
        for profile in ("", *PROFILES):
            wrong = site.bearer("made-up-key-number-0001", X_Profile_Id=profile)
            assert "AUTH_002" in await wrong.refused("list_contacts")
    assert len(watched.seen) == 1

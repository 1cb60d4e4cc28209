"""Confirmations that nobody gave: forged, changed, borrowed and used ones do nothing at all.

Each round asks for one change in two ways, by token and by form. Whatever is made of the token or
of the sealed state is tried for it; then the true one must still do it, once. What is forged is in
`fuzz_forgeries.py`: a round in which the true secret does not make the true one proves nothing.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import mcp_types as mcp
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.shared.exceptions import MCPError
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from sent_mcp.http_settings import load_http_settings
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY, served
from tests.http import wire
from tests.http.sites import ANNA, inside
from tests.proof.fuzz_api import Doctored, Script
from tests.proof.fuzz_forgeries import (
    OTHER_KEY,
    OTHER_SECRET,
    PROFILE,
    Forgery,
    Signed,
    changed,
)
from tests.proof.fuzz_tour import QUICKLY, Arguments
from tests.proof.report import Row, Scale

_SECRET: Final = "s" * 40
_SIGNED, _CHANGED = 8, 6
"""So many of these a round, besides all that are borrowed.

With them it is fewer than the fifty questions that are kept: each is answered with a new one.
"""
_YES = mcp.ElicitResult(action="accept", content={"confirm": True})
_FORMS: Final[dict[str, object]] = {
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}
}
Ask = Callable[[str, Arguments], Awaitable[str]]
"""What a call is answered with: a token, or a sealed state."""


async def run(scale: Scale) -> Sequence[Row]:
    """Tokens of hosts without forms, and sealed states of hosts with them."""
    random = Random(scale.seed)
    rounds = scale.of(8, 600)
    return [
        await _row("tokens", random, rounds, forms=False),
        await _row("sealed states", random, rounds, forms=True),
    ]


class _OneAddressBook:
    """Middleware: every key and profile has the same contacts.

    So what is approved for one account would be the same change for another, where nothing but the
    approval's signature tells them apart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on every request as the one account's."""
        if scope["type"] == "http":
            given: list[tuple[bytes, bytes]] = scope["headers"]
            kept = [each for each in given if each[0] not in (b"x-api-key", b"x-profile-id")]
            scope = {**scope, "headers": [*kept, (b"x-api-key", KEY.encode())]}
        await self._app(scope, receive, send)


@asynccontextmanager
async def _standing(script: Script) -> AsyncGenerator[str]:
    app = create_app()
    app.add_middleware(Doctored, script=script)
    app.add_middleware(_OneAddressBook)
    async with served(app) as url:
        yield url


@dataclass
class _Tally:
    tried: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list[str])


async def _row(what: str, random: Random, rounds: int, *, forms: bool) -> Row:
    tally, script = _Tally(), Script()
    with TemporaryDirectory() as folder:
        async with _standing(script) as url, AsyncExitStack() as open_ones:
            place = _Place(url, Path(folder) / "state.sqlite", script, random, forms=forms)
            for kind, stranger in _strangers(place):
                place.strangers[kind] = await open_ones.enter_async_context(stranger)
            for number in range(rounds):
                await _round(place, number, tally)
    failed = min(tally.tried, len(tally.wrong))
    return Row(
        part="tokens", what=what, tried=tally.tried, survived=tally.tried - failed,
        lost=tally.lost, doubled=tally.doubled, wrong=tuple(tally.wrong[:10]),
        figures=f"{rounds:,} true ones",
    )  # fmt: skip


@dataclass
class _Place:
    """Where a round takes place: one API, one state store, and those who share both."""

    url: str
    state: Path
    script: Script
    random: Random
    forms: bool
    strangers: dict[str, Ask] = field(default_factory=dict[str, Ask])
    """Who else asks for the same, by what then is not the same."""

    @asynccontextmanager
    async def host(self, **settings: object) -> AsyncGenerator[Client]:
        """A host before a server of the same store."""
        given: dict[str, object] = {"api_key": KEY, "base_url": self.url, **QUICKLY}
        given |= {"state": str(self.state), "secret": _SECRET, **settings}
        server = build_server(load_settings([], **given))

        async def never(
            context: ClientRequestContext, params: mcp.ElicitRequestParams
        ) -> mcp.ElicitResult:
            raise AssertionError("a form was shown outside the protocol")

        client = Client(
            server,
            mode="2026-07-28" if self.forms else "legacy",
            elicitation_callback=never if self.forms else None,
        )
        async with client:
            yield client

    async def asked(self, client: Client, tool: str, arguments: Arguments) -> str:
        """The token or the state that one call is answered with."""
        answer = await client.session.call_tool(tool, arguments, allow_input_required=True)
        if isinstance(answer, mcp.InputRequiredResult):
            assert answer.request_state is not None
            return answer.request_state
        assert answer.structured_content is not None, answer
        return answer.structured_content["confirmation_token"]

    async def tried(self, client: Client, tool: str, arguments: Arguments, given: str) -> str:
        """What comes of a call with this token or state, and a yes."""
        brought: dict[str, Any] = {}
        if self.forms:
            brought = {"request_state": given, "input_responses": {"confirm": _YES}}
        else:
            arguments = {**arguments, "confirmation_token": given}
        try:
            answer = await client.session.call_tool(
                tool, arguments, allow_input_required=True, **brought
            )
        except MCPError as error:
            return error.message
        return str(answer)


async def _round(place: _Place, number: int, tally: _Tally) -> None:
    async with place.host() as client:
        tool, arguments, other = await _change(client, number)
        true = await place.asked(client, tool, arguments)
        begun = len(place.script.changes)
        borrowed = [each async for each in _borrowed(place, client, tool, arguments, other)]
        signed = Signed.of(true, _SECRET, tool, arguments, place.url)
        if signed.text != true:
            tally.wrong.append(f"{tool}: the true secret does not make the true one")
        made = _forged(place, number, signed, true)
        for kind, given in [*borrowed, *(each for each in made if each[1].strip() != true)]:
            said = await place.tried(client, tool, arguments, given)
            tally.tried += 1
            done = len(place.script.changes) - begun
            if done or "INTERNAL" in said or "Traceback" in said:
                tally.doubled += done
                begun += done
                tally.wrong.append(f"{tool} {kind}: {done} changes: {said[:300]}")
        # The true one, and then again: it does it, and it does it once.
        said = [await place.tried(client, tool, arguments, true) for _ in range(3)]
        done = len(place.script.changes) - begun
        expected = 12 if tool == "import_contacts" else 1
        tally.lost += done < expected
        tally.doubled += max(0, done - expected)
        if done != expected:
            tally.wrong.append(f"{tool}: {done} changes by the true one: {said[0][:300]}")


def _forged(place: _Place, number: int, signed: Signed, true: str) -> list[Forgery]:
    """Some of all that can be: in the course of eight rounds every signature twice."""
    anew = [*signed.forged(place.url)]
    turn = [anew[(number * _SIGNED + each) % len(anew)] for each in range(_SIGNED)]
    return [*turn, *place.random.sample([*changed(place.random, true)], _CHANGED)]


async def _change(client: Client, number: int) -> tuple[str, Arguments, Arguments]:
    """A tool, arguments nobody used before, and similar ones."""
    kind = number % 3
    if kind == 0:
        content = {"text": f"Round {number}", "channels": ["sms"]}
        one: Arguments = {"to": ["+14155550102"], **content}
        return "send_message", one, {**one, "to": ["+14155550104"]}
    if kind == 1:
        numbers = [f"+4477009{(number * 12 + each) % 100_000:05}" for each in range(12)]
        return "import_contacts", {"phone_numbers": numbers}, {"phone_numbers": numbers[:11]}
    listed = await client.call_tool("list_contacts", {"page_size": 2})
    assert listed.structured_content is not None
    first, second = listed.structured_content["contacts"]
    return "delete_contact", {"contact_id": first["id"]}, {"contact_id": second["id"]}


async def _borrowed(
    place: _Place, client: Client, tool: str, arguments: Arguments, other: Arguments
) -> AsyncIterator[Forgery]:
    """True ones, of something or somebody else."""
    yield "of other arguments", await place.asked(client, tool, other)
    elsewhere: Arguments = {"to": ["+14155550106"], "text": "Else", "channels": ["sms"]}
    yield "of another call", await place.asked(client, "send_message", elsewhere)
    for kind, ask in place.strangers.items():
        yield kind, await ask(tool, arguments)


def _strangers(place: _Place) -> Sequence[tuple[str, AbstractAsyncContextManager[Ask]]]:
    """Each differs from the host in one thing."""
    there = place.url.replace("127.0.0.1", "localhost")
    return (
        ("signed with another secret", _stranger(place, secret=OTHER_SECRET)),
        ("of another key", _stranger(place, api_key=OTHER_KEY)),
        ("of another profile", _stranger(place, profile_id=PROFILE)),
        ("of another address of the API", _stranger(place, base_url=there)),
        ("of another store", _stranger(place, state="memory:")),
        ("of another caller", _caller(place)),
    )


@asynccontextmanager
async def _stranger(place: _Place, **settings: object) -> AsyncGenerator[Ask]:
    async with place.host(**settings) as client:

        async def ask(tool: str, arguments: Arguments) -> str:
            return await place.asked(client, tool, arguments)

        yield ask


@asynccontextmanager
async def _caller(place: _Place) -> AsyncGenerator[Ask]:
    """Somebody who comes in over HTTP, to a server of the same store, key and secret."""
    http = load_http_settings(tokens=f"anna:{ANNA}")
    era = wire.MODERN if place.forms else wire.LEGACY
    given: dict[str, object] = {**QUICKLY, "secret": _SECRET}
    async with inside(place.url, http=http, state=place.state, **given) as site:
        anna = site.bearer(ANNA, era)

        async def ask(tool: str, arguments: Arguments) -> str:
            if not place.forms:
                return (await anna.call(tool, **arguments))["confirmation_token"]
            params: dict[str, object] = {"name": tool, "arguments": arguments, "_meta": _FORMS}
            return (await anna.ask("tools/call", params)).result["requestState"]

        yield ask

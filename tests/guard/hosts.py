"""Kinds of hosts: how each answers a question in a form, and one connected to a server."""

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import mcp_types as mcp
import pytest
from mcp import Client
from mcp.client import ClientRequestContext, Transport
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from starlette.types import ASGIApp

from sent_mcp.server import build_server
from sent_mcp.settings import Settings, load_settings
from tests.door import KEY, Door, Reply

HANDSHAKE, MODERN = "legacy", "2026-07-28"
ERAS = (HANDSHAKE, MODERN)
SHORT = 0.3
"""The ask_timeout of a question that nobody answers in time."""
Answer = mcp.ElicitResult | mcp.ErrorData
Content = dict[str, str | int | float | bool | list[str] | None]
YES = mcp.ElicitResult(action="accept", content={"confirm": True})
NO = mcp.ElicitResult(action="decline")
CANCELLED = mcp.ElicitResult(action="cancel")
AGREED: dict[str, Any] = {"answers": {"confirm": YES}}
"""What comes with a state to say yes."""


@dataclass(frozen=True)
class Kind:
    """How a host answers: with what, after how many seconds, and what it calls itself.

    `answer` is None for a host without forms. `falls_back` in the eras in which the server learns
    that no form was shown, `silent` where no answer comes before the question is closed;
    `unseen` where the server cannot know what the host can do.
    """

    name: str
    answer: Answer | None
    seconds: float = 0.0
    called: str = "test-host"
    falls_back: tuple[str, ...] = ()
    silent: bool = False
    unseen: bool = False

    @property
    def agrees(self) -> bool:
        """Whether its user says yes, in time, and nothing besides."""
        answer = self.answer
        content = answer.content if isinstance(answer, mcp.ElicitResult) else None
        ticked = content is not None and list(content) == ["confirm"] and content["confirm"] is True
        return ticked and not self.silent

    @property
    def seems_to_ask(self) -> bool:
        """Whether the server must take it for one that shows forms."""
        known = not self.unseen and "remote_cowork" not in self.called
        return self.answer is not None and known


def accepting(name: str, content: Content | None) -> Kind:
    """A host that accepts with this content."""
    return Kind(name, mcp.ElicitResult(action="accept", content=content))


PLAIN = Kind("without-forms", None, falls_back=ERAS)
ACCEPTS = Kind("accepts", YES)
DECLINES = Kind("declines", NO)
CANCELS = Kind("cancels", CANCELLED, seconds=0.75)
AT_ONCE = Kind("cancels-at-once", CANCELLED, falls_back=ERAS)
LATE = Kind("answers-late", YES, seconds=SHORT + 0.1, silent=True)
FAILS = Kind("fails", mcp.ErrorData(code=-32603, message="no window"), falls_back=(HANDSHAKE,))
NEVER_DRAWS = Kind("never-draws", YES, called="ui-remote_cowork-1", falls_back=ERAS)
KINDS = (
    PLAIN,
    ACCEPTS,
    DECLINES,
    CANCELS,
    AT_ONCE,
    accepting("accepts-without-content", None),
    accepting("accepts-an-empty-form", {}),
    accepting("accepts-unticked", {"confirm": False}),
    accepting("accepts-with-text", {"confirm": "true"}),
    accepting("accepts-with-a-number", {"confirm": 1}),
    accepting("accepts-with-more", {"confirm": True, "note": "yes"}),
    LATE,
    FAILS,
    NEVER_DRAWS,
)


async def nothing_else() -> None:
    """What happens elsewhere while a form is open: nothing."""


@dataclass
class Host:
    """A host of one kind: the forms it was asked to show, and what happens while one is open."""

    kind: Kind
    meanwhile: Callable[[], Awaitable[None]] = nothing_else
    forms: list[mcp.ElicitRequestFormParams] = field(
        default_factory=list[mcp.ElicitRequestFormParams]
    )

    async def show(self, context: ClientRequestContext, params: mcp.ElicitRequestParams) -> Answer:
        """The user's answer to a form, after the time it takes."""
        assert isinstance(params, mcp.ElicitRequestFormParams)
        answer = await self.answer(params)
        await anyio.sleep(self.kind.seconds)
        return answer

    async def answer(self, form: mcp.ElicitRequestFormParams) -> Answer:
        """The answer itself; what happens elsewhere happens during the first form only."""
        assert self.kind.answer is not None
        self.forms.append(form)
        meanwhile, self.meanwhile = self.meanwhile, nothing_else
        await meanwhile()
        return self.kind.answer

    @asynccontextmanager
    async def before(
        self, app: ASGIApp, state: Path | str, era: str, **settings: object
    ) -> AsyncGenerator[Door]:
        """This host before a server with these settings; `app` is the emulator behind it."""
        server = build_server(self.settings(state, **settings), emulator=app)
        transport = httpx.ASGITransport(app)
        http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        async with self.client(server, era) as client, http:
            yield Door(client, http)

    def settings(self, state: Path | str, **settings: object) -> Settings:
        """Those of a server that this host can keep waiting, but not for long."""
        given: dict[str, object] = {
            "api_key": KEY,
            "base_url": "http://localhost",
            "state": str(state),
            **({"ask_timeout": SHORT} if self.kind.silent else {}),
            **settings,
        }
        return load_settings([], **given)

    def client(self, server: Server[Any] | Transport, era: str) -> Client:
        """The host as an MCP client of a server, or of what leads to one."""
        return Client(
            server,
            mode=era,
            elicitation_callback=None if self.kind.answer is None else self.show,
            client_info=mcp.Implementation(name=self.kind.called, version="1"),
        )


@dataclass(frozen=True)
class Asked:
    """A question of 2026-07-28: the form, and the state that comes back with its answer."""

    form: mcp.ElicitRequestFormParams
    state: str


async def one_round(
    door: Door,
    tool: str,
    arguments: dict[str, Any],
    *,
    state: str | None = None,
    answers: mcp.InputResponses | None = None,
) -> Asked | Reply:
    """One call of 2026-07-28 as it is on the wire, without the rounds a client makes by itself."""
    said = await door.client.session.call_tool(
        tool,
        arguments,
        request_state=state,
        input_responses=answers,
        allow_input_required=True,
    )
    if isinstance(said, mcp.InputRequiredResult):
        (request,) = (said.input_requests or {}).values()
        assert isinstance(request, mcp.ElicitRequest)
        assert isinstance(request.params, mcp.ElicitRequestFormParams)
        assert said.request_state is not None
        return Asked(request.params, said.request_state)
    (content,) = said.content
    assert isinstance(content, mcp.TextContent)
    data = cast("dict[str, Any]", said.structured_content or {})
    return Reply(bool(said.is_error), content.text, data)


async def asked(door: Door, tool: str, arguments: dict[str, Any], **brought: Any) -> Asked:
    """The question that one call is answered with."""
    said = await one_round(door, tool, arguments, **brought)
    assert isinstance(said, Asked), said
    return said


async def told(door: Door, tool: str, arguments: dict[str, Any], **brought: Any) -> dict[str, Any]:
    """The result of one call that asks nothing."""
    said = await one_round(door, tool, arguments, **brought)
    assert isinstance(said, Reply), said
    assert not said.is_error, said.text
    return said.data


async def rejected(
    door: Door, tool: str, arguments: dict[str, Any], **brought: Any
) -> mcp.ErrorData:
    """The protocol's error that one call is answered with, whose state was not made for it."""
    with pytest.raises(MCPError) as caught:
        await one_round(door, tool, arguments, **brought)
    error = caught.value.error
    assert (error.code, error.data) == (mcp.INVALID_PARAMS, {"code": "STATE_REJECTED"})
    return error


async def at_sent(door: Door, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What somebody else's request to the API is answered with; it has the same key."""
    answer = await door.http.request(method, path, json=body, headers={"x-api-key": KEY})
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def make_older(state: Path, seconds: float) -> None:
    """Every question that waits was asked that much earlier, which is the same as waiting."""
    with closing(sqlite3.connect(state)) as database, database:
        database.execute(
            "UPDATE approvals SET asked_at = asked_at - ?, expires_at = expires_at - ?",
            (seconds, seconds),
        )

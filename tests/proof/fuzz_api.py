"""An API that is not to be trusted: the emulator, its answers altered on their way."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sent_mcp.emulator import create_app
from tests.door import KEY, served

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
Place = tuple[str | int, ...]
"""Where in an answer something is: `("data", "contacts", 0, "id")`."""


@dataclass(frozen=True)
class Answer:
    """What the API says to one request; `asked` is its method and path."""

    asked: str
    status: int
    body: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def value(self) -> Json:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def saying(self, value: Json) -> "Answer":
        """The same with another body."""
        return replace(self, body=json.dumps(value).encode())

    def headed(self, **headers: bytes) -> "Answer":
        """The same with these headers besides; `_` is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


Alter = Callable[[Answer], Answer]


def as_it_is(answer: Answer) -> Answer:
    """Alters nothing."""
    return answer


@dataclass
class Script:
    """What an API does to its answers, which may change, and the changes it was asked to make."""

    alter: Alter = as_it_is
    changes: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])
    """What it could not do: then nothing is proven."""


class Doctored:
    """Middleware: every answer of the API goes through the script."""

    def __init__(self, app: ASGIApp, script: Script) -> None:
        self._app = app
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no request of the API's."""
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/v3/")):
            await self._app(scope, receive, send)
            return
        asked = f"{scope['method']} {scope['path']}"
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, keep)
        first, *rest = said
        headers = {name.decode(): value for name, value in first["headers"]}
        body = b"".join(each.get("body", b"") for each in rest)
        if scope["method"] != "GET" and "x-sandbox" not in headers:
            self._script.changes.append(asked)
        try:
            await _sent(self._script.alter(Answer(asked, first["status"], body, headers)), send)
        except Exception as error:
            self._script.broken.append(f"the stand-in is broken: {asked}: {error!r}")
            raise


@asynccontextmanager
async def standing(script: Script) -> AsyncGenerator[str]:
    """An emulator of its own behind the script, on a real socket: its base URL."""
    app = create_app()
    app.add_middleware(Doctored, script=script)
    async with served(app) as url:
        yield url


async def _sent(answer: Answer, send: Send) -> None:
    body = b"" if answer.status in (204, 304) else answer.body
    headers = {**answer.headers, "content-length": str(len(body)).encode()}
    if answer.status == 204:
        del headers["content-length"]
    raw = [(name.encode(), value) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def places(value: Json, here: Place = ()) -> Iterator[tuple[Place, Json]]:
    """Everything in a JSON value, outermost first; of a list only its first entry."""
    if here:
        yield here, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*here, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*here, 0))


def put(value: Json, place: Place, new: Json) -> Json:
    """The value with `new` in that place; as it was where there is no such place."""
    if not place:
        return new
    first, *rest = place
    if isinstance(value, dict) and first in value:
        return {**value, str(first): put(value[str(first)], tuple(rest), new)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [*value[:first], put(value[first], tuple(rest), new), *value[first + 1 :]]
    return value


def settings_for(url: str, **others: str) -> dict[str, str]:
    """The variables of a server that reaches this API and keeps nothing."""
    given = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": "memory:"}
    return {**given, **others}

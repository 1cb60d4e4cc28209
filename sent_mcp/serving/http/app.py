"""The paths that are served, and what a request passes on its way to the server behind."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import mcp_types as mcp
from pydantic import JsonValue
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sent_mcp.callers import Caller
from sent_mcp.serving.http.answers import HttpError, send_json
from sent_mcp.serving.http.credentials import NO_TOKEN, Credentials, Denied
from sent_mcp.serving.http.exchange import Exchange
from sent_mcp.serving.http.origins import Origins
from sent_mcp.serving.http.protocol import LET_IN
from sent_mcp.serving.http.readiness import Readiness
from sent_mcp.serving.http.wrong_keys import WrongKeys

if TYPE_CHECKING:
    from sent_mcp.serving.http.metrics import Metrics

_OAUTH_PATHS = ("/register", "/authorize", "/token")
_NO_OAUTH = f"There is no OAuth here. {NO_TOKEN}"
Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


class App:
    """The ASGI application: `/mcp` for callers who were let in, `/healthz` and `/readyz`.

    `under_way` is how many of their requests are not answered yet.
    """

    def __init__(
        self,
        exchange: Exchange,
        credentials: Credentials,
        origins: Origins,
        readiness: Readiness,
        metrics: "Metrics | None" = None,
    ) -> None:
        """With `metrics` requests are counted, and `/metrics` shows them to who was let in."""
        self._exchange = exchange
        self._credentials = credentials
        self._origins = origins
        self._readiness = readiness
        self._wrong_keys = WrongKeys()
        self._paths: dict[str, Endpoint] = {
            "/mcp": self._mcp,
            "/healthz": self._health,
            "/readyz": self._ready,
            **dict.fromkeys(_OAUTH_PATHS, _no_oauth),
        }
        answer = origins.open_to_pages(self._answer)
        self._serve = answer if metrics is None else self._counted(metrics, answer)
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Websockets are not spoken, and the server has no lifespan events."""
        await self._serve(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._paths.get(scope["path"], _not_found)
        try:
            await endpoint(scope, receive, send)
        except HttpError as refused:
            await refused.send(send)

    def _counted(self, metrics: "Metrics", answer: Endpoint) -> Endpoint:
        async def show(scope: Scope, receive: Receive, send: Send) -> None:
            await self._let_in(scope)
            await metrics.show(scope, receive, send)

        self._paths["/metrics"] = show
        return metrics.counted(answer, self._paths)

    async def _mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = await self._let_in(scope)
        if self._readiness.stopping:
            raise HttpError(
                503,
                mcp.INTERNAL_ERROR,
                "The server is stopping; nothing was done. Call again",
                headers={"retry-after": "1", "connection": "close"},
            )
        self.under_way += 1
        try:
            await self._exchange.answer(scope, receive, send, caller)
        finally:
            self.under_way -= 1

    async def _let_in(self, scope: Scope) -> Caller:
        """Who makes the request. Raises HttpError."""
        headers = Headers(scope=scope)
        self._origins.check(headers)
        caller = await self._credentials.caller(headers)
        if isinstance(caller, Caller):
            scope.setdefault("state", {})[LET_IN] = True
            return caller
        raise await self._denied(caller, scope)

    async def _denied(self, denied: Denied, scope: Scope) -> HttpError:
        address = (scope.get("client") or ("", 0))[0]
        wait = await self._wrong_keys.slow_down(address) if denied.given else None
        if wait is not None:
            why = "Too many wrong credentials"
            return HttpError(429, mcp.INVALID_REQUEST, why, headers={"retry-after": str(wait)})
        challenge = {"www-authenticate": denied.challenge}
        return HttpError(401, mcp.INVALID_REQUEST, denied.why, headers=challenge)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, 200, {"status": "ok"})

    async def _ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_json(send, *await self._readiness.status())


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise HttpError(404, mcp.INVALID_REQUEST, "Not found; MCP is served at /mcp")


async def _no_oauth(scope: Scope, receive: Receive, send: Send) -> None:
    """Hosts that try to register after a 401 show this to their user (RFC 7591, 3.2.2)."""
    said: JsonValue = {"error": "invalid_request", "error_description": _NO_OAUTH}
    await send_json(send, 404, said)

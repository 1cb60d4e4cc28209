"""Applying faults: requests refused, delayed, cut off or answered with nonsense on purpose."""

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sent_mcp.emulator.envelope import Refusal, Rendered, fail, new_request_id
from sent_mcp.emulator.faults import Fault
from sent_mcp.emulator.recording import is_api_request
from sent_mcp.emulator.state import Emulator

_GARBAGE: Final = b"<html><head><title>Bad gateway</title></head><body>"
_CODES: Final = {
    400: "VALIDATION_001",
    401: "AUTH_002",
    402: "BUSINESS_003",
    403: "AUTH_004",
    404: "RESOURCE_001",
    409: "CONFLICT_001",
    422: "BUSINESS_006",
    429: "BUSINESS_002",
    500: "INTERNAL_001",
    502: "INTERNAL_003",
    503: "SERVICE_001",
    504: "INTERNAL_004",
}


class FaultMiddleware:
    """Applies the fault for a request. `status` and `drop_before` execute nothing; `delay` waits
    before executing; the others execute and spoil the answer."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self.app = app
        self.emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if is_api_request(scope):
            fault = self.emulator.faults.take(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        apply: dict[str, Callable[..., Awaitable[None]]] = {
            "status": self._refuse,
            "delay": self._delay,
            "drop_before": self._drop_before,
            "drop_after": self._drop_after,
            "truncate": self._truncate,
            "garbage": self._garbage,
        }
        await apply[fault.kind](fault, scope, receive, send)

    async def _refuse(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal(fault, self.emulator.clock.now())
        request_id = new_request_id()
        rendered = fail(refusal, request_id, self.emulator.clock.now())
        headers = {"X-Request-Id": request_id, "X-API-Version": "v3", **rendered.headers}
        await _response(rendered, headers)(scope, receive, send)

    async def _delay(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        # The endpoint waits, so that a delayed request already holds its idempotency key.
        scope.setdefault("state", {})["delay"] = fault.seconds
        await self.app(scope, receive, send)

    async def _drop_before(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await self.emulator.connections.cut(scope, receive)

    async def _drop_after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await self._execute(scope, receive)
        await self.emulator.connections.cut(scope, receive)

    async def _truncate(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await self._execute(scope, receive)
        await send(start)
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await self.emulator.connections.cut(scope, receive, flush=True)

    async def _garbage(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        await self._execute(scope, receive)
        rendered = Rendered(fault.status or 200, _GARBAGE, {})
        await _response(rendered, {"Content-Type": "text/html"})(scope, receive, send)

    async def _execute(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """The whole answer, kept from the caller."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, *bodies = messages
        return start, b"".join(message.get("body", b"") for message in bodies)


def _refusal(fault: Fault, now: datetime) -> Refusal:
    status = fault.status or 503
    headers: dict[str, str] = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    if status == 429:
        reset = math.ceil(now.timestamp() + (fault.retry_after or 0))
        headers |= {
            "X-RateLimit-Limit": "200",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(reset),
        }
    usual = _CODES.get(status, "INTERNAL_001" if status >= 500 else "VALIDATION_001")
    said = "The emulator was told to answer so"
    return Refusal(status, fault.code or usual, said, headers=headers)


def _response(rendered: Rendered, headers: Mapping[str, str]) -> Response:
    media_type = None if "Content-Type" in headers else "application/json"
    return Response(rendered.body, rendered.status, headers, media_type)

"""The way of every v3 request: who, how often, what, once, and then the handler."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sent_mcp.emulator.authentication import authenticate
from sent_mcp.emulator.call import Body, Call, is_sandbox, read_body
from sent_mcp.emulator.contact_records import refresh_channels
from sent_mcp.emulator.envelope import Answer, Refusal, Rendered, fail, new_request_id, ok
from sent_mcp.emulator.idempotency import Slot, fingerprint_of, once, read_key
from sent_mcp.emulator.message_records import release_due
from sent_mcp.emulator.state import Emulator

Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """A handler behind authentication, limits, idempotency and the envelope.

    Handlers are plain functions: none can await between two statements, so each is atomic.
    """

    emulator: Emulator
    handler: Handler

    async def respond(self, request: Request) -> Response:
        """The whole answer to one request."""
        started = time.perf_counter()
        request_id = new_request_id()
        try:
            rendered = await self._answer(request, request_id)
        except Refusal as refusal:
            rendered = fail(refusal, request_id, self.emulator.clock.now())
        headers = {
            "X-Request-Id": request_id,
            "X-API-Version": "v3",
            "X-Response-Time": f"{(time.perf_counter() - started) * 1000:.0f}ms",
            **rendered.headers,
        }
        media_type = "application/json" if rendered.body else None
        return Response(rendered.body, rendered.status, headers, media_type)

    async def _answer(self, request: Request, request_id: str) -> Rendered:
        emulator = self.emulator
        customer_id = authenticate(request.headers, emulator.options.api_key)
        emulator.rate_limit.spend(emulator.clock.now())
        key = read_key(request.method, request.headers.get("idempotency-key"))
        body = {} if request.method in ("GET", "HEAD") else await read_body(request)

        async def execute() -> Rendered:
            await self._be_slow(request)
            return self._execute(request, request_id, customer_id, body)

        if key is None:
            return await execute()
        fingerprint = fingerprint_of(request.method, request.url.path, body)
        slot = Slot(customer_id, key, fingerprint, request_id)
        return await once(emulator.database, emulator.in_flight, slot, emulator.clock.now, execute)

    async def _be_slow(self, request: Request) -> None:
        # Inside the idempotent part, so that a delayed request is in flight while it waits.
        delay: float = getattr(request.state, "delay", 0.0)
        seconds = delay + self.emulator.options.latency_ms / 1000
        if seconds:
            await asyncio.sleep(seconds)

    def _execute(self, request: Request, request_id: str, customer_id: str, body: Body) -> Rendered:
        emulator = self.emulator
        now = emulator.clock.now()
        call = Call(
            database=emulator.database,
            now=now,
            customer_id=customer_id,
            path=request.path_params,
            query=request.query_params,
            body=body,
            strict_phones=emulator.options.strict_phones,
        )
        try:
            with emulator.database.transaction():
                refresh_channels(call.database, call.timestamp)
                release_due(call.database, call.timestamp)
                rendered = ok(self.handler(call), request_id, now)
        except Refusal as refusal:
            rendered = fail(refusal, request_id, now)
        return Rendered(rendered.status, rendered.body, _with_scope(request, body, rendered))


def _with_scope(request: Request, body: Body, rendered: Rendered) -> dict[str, str]:
    headers = dict(rendered.headers)
    profile_id = request.headers.get("x-profile-id")
    if profile_id is not None:
        headers["X-Profile-Id"] = profile_id
    if request.method != "GET" and rendered.status < 400 and is_sandbox(body):
        headers["X-Sandbox"] = "true"
    return headers

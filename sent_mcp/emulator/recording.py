"""The log of API requests that the control endpoint shows."""

from collections import deque
from collections.abc import MutableMapping
from typing import Any, TypedDict

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sent_mcp.emulator.clock import Clock, wire

CONTROL_PREFIX = "/__emulator/"
_LONGEST_LOG = 100_000


class RequestRecord(TypedDict):
    """One API request; `status` is null while it runs and when its connection was dropped."""

    method: str
    path: str
    query: str
    idempotency_key: str | None
    status: int | None
    at: str


class RequestLog:
    """The newest 100,000 requests, in order of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: deque[RequestRecord] = deque(maxlen=_LONGEST_LOG)

    def add(self, scope: Scope) -> RequestRecord:
        """Begins the record of one request."""
        record = RequestRecord(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            idempotency_key=Headers(scope=scope).get("idempotency-key"),
            status=None,
            at=wire(self._clock.now()),
        )
        self._records.append(record)
        return record

    def records(self) -> list[RequestRecord]:
        """Every record, oldest first."""
        return list(self._records)

    def clear(self) -> None:
        """Forgets every record."""
        self._records.clear()


def is_api_request(scope: MutableMapping[str, Any]) -> bool:
    """Control requests and server events are neither recorded nor hit by faults."""
    return scope["type"] == "http" and not scope["path"].startswith(CONTROL_PREFIX)


class RecordingMiddleware:
    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_api_request(scope):
            await self.app(scope, receive, send)
            return
        record = self.log.add(scope)

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                record["status"] = message["status"]
            await send(message)

        await self.app(scope, receive, send_recorded)

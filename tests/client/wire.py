"""A scripted network: answers in order, remembers requests and waits, never sleeps."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx
from pydantic import JsonValue

from sent_mcp.client import ApiKey, SentClient, V1Client
from sent_mcp.client.budgets import Sleep

KEY = "sk_test_secret_value"
BASE_URL = "http://api.test"
CONTACT: dict[str, JsonValue] = {
    "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "phone_number": "+14155551234",
    "format_e164": "+14155551234",
    "available_channels": "sms,whatsapp",
    "default_channel": "sms",
    "opt_out": False,
    "created_at": "2026-11-20T10:00:00.1825520+00:00",
    "updated_at": None,
}
PAGINATION: dict[str, JsonValue] = {
    "page": 1,
    "page_size": 20,
    "total_count": 1,
    "total_pages": 1,
    "has_more": False,
    "cursors": None,
}
META: dict[str, JsonValue] = {
    "request_id": "req_7X9zKp2jDw",
    "timestamp": "2026-11-20T10:00:05.1826058+00:00",
    "version": "v3",
}
Step = httpx.Response | Exception


def ok(
    data: JsonValue, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """A success in the envelope."""
    body = {"success": True, "data": data, "error": None, "meta": META}
    return httpx.Response(status, json=body, headers=headers)


def failed(
    status: int,
    code: str,
    message: str = "It failed",
    *,
    details: JsonValue = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """An error in the envelope."""
    error: dict[str, JsonValue] = {"code": code, "message": message, "details": details}
    body: dict[str, JsonValue] = {"success": False, "data": None, "error": error, "meta": META}
    return httpx.Response(status, json=body, headers=headers)


def page(*contacts: JsonValue, **pagination: JsonValue) -> dict[str, JsonValue]:
    """The data of a list of contacts."""
    return {"contacts": [*contacts], "pagination": {**PAGINATION, **pagination}}


class Wire:
    """The network between a client and an API that follows a script."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def client(
        self,
        *,
        key: ApiKey | None = None,
        timeout: float = 45.0,
        profile_id: str | None = None,
        requests_per_minute: int = 200,
        sleep: Sleep | None = None,
    ) -> SentClient:
        """A client on this network."""
        return SentClient(
            base_url=BASE_URL,
            key=key or ApiKey(lambda: KEY),
            profile_id=profile_id,
            timeout=timeout,
            requests_per_minute=requests_per_minute,
            transport=httpx.MockTransport(self._answer),
            sleep=sleep or self._sleep,
        )

    def v1_client(self) -> V1Client:
        """A client of the legacy API on this network."""
        return V1Client(
            base_url=BASE_URL,
            key=ApiKey(lambda: KEY),
            sender_id="sender",
            transport=httpx.MockTransport(self._answer),
            sleep=self._sleep,
        )

    def body(self, index: int = -1) -> JsonValue:
        """What one request carried."""
        return json.loads(self.requests[index].content)

    def keys(self) -> Sequence[str | None]:
        """The idempotency keys so far."""
        return [request.headers.get("idempotency-key") for request in self.requests]

    @property
    def calls(self) -> list[str]:
        """Method and path of every request so far."""
        return [f"{request.method} {request.url.path}" for request in self.requests]


def moment(text: str) -> datetime:
    """A time of day in the script's one day."""
    return datetime.fromisoformat(f"2026-11-20T{text}").replace(tzinfo=UTC)

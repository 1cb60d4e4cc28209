"""One POST as it comes in: its headers checked, its body read in bounds, its message parsed."""

from dataclasses import dataclass
from typing import Any, cast

import anyio
import mcp_types as mcp
from pydantic import ValidationError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.types import Receive

from sent_mcp.serving.http.answers import HttpError

MOST_BYTES = 1024 * 1024
"""A thousand numbers take 20 kB."""
MOST_BYTES_UNDER_WAY = 64 * MOST_BYTES
BODY_SECONDS = 20.0
"""How long a client may take to send the body of a request."""
SSE = "text/event-stream"


class HungUpError(Exception):
    """The client is gone; nobody reads an answer."""


@dataclass(frozen=True)
class Incoming:
    """A message and the headers it came with; `request` is None for a notification."""

    headers: Headers
    body: dict[str, Any]
    request: mcp.JSONRPCRequest | None

    @property
    def takes_streams(self) -> bool:
        """Whether the answer may be a stream of events."""
        return _takes(self.headers, SSE, "text/*")

    @property
    def takes_json(self) -> bool:
        """Whether it may be one JSON object. All clients must, and some proxies hide that."""
        return _takes(self.headers, "application/json", "application/*")


def check_headers(method: str, headers: Headers) -> None:
    """Raises HttpError for what can only be a mistake, before anything is read."""
    if method != "POST":
        # There is no stream to open and no session to end: each POST stands alone.
        raise HttpError(
            405, mcp.INVALID_REQUEST, "Only POST is served here", headers={"allow": "POST"}
        )
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HttpError(415, mcp.INVALID_REQUEST, "Content-Type must be application/json")
    if not _takes(headers, "application/json", "application/*", SSE, "text/*"):
        raise HttpError(406, mcp.INVALID_REQUEST, "Accept must include application/json")


class Bodies:
    """Reads bodies, of which only so many bytes are held at a time in the whole process."""

    def __init__(self) -> None:
        self._under_way = 0

    async def read(self, declared: str, receive: Receive) -> bytes:
        """One whole body. Raises HttpError, HungUpError."""
        if declared.isdigit() and int(declared) > MOST_BYTES:
            raise _too_large()
        body = bytearray()
        try:
            with anyio.move_on_after(BODY_SECONDS):
                while True:
                    part = await receive()
                    if part["type"] != "http.request":
                        raise HungUpError
                    self._take(body, part.get("body", b""))
                    if not part.get("more_body", False):
                        return bytes(body)
        finally:
            self._under_way -= len(body)
        raise HttpError(
            408,
            mcp.INVALID_REQUEST,
            f"The body did not arrive within {BODY_SECONDS:g} s",
            headers={"connection": "close"},
        )

    def _take(self, body: bytearray, part: bytes) -> None:
        if len(body) + len(part) > MOST_BYTES:
            raise _too_large()
        if self._under_way + len(part) > MOST_BYTES_UNDER_WAY:
            why = "Too much is being sent here at once; nothing was done. Call again"
            raise HttpError(503, mcp.INTERNAL_ERROR, why, headers={"retry-after": "1"})
        body += part
        self._under_way += len(part)


def parse(headers: Headers, raw: bytes) -> Incoming:
    """The one JSON-RPC message in a body. Raises HttpError."""
    try:
        body: object = from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise HttpError(400, mcp.PARSE_ERROR, "Parse error: the body is not JSON") from None
    if isinstance(body, list):
        raise HttpError(400, mcp.INVALID_REQUEST, "A batch: send one message per request")
    if not isinstance(body, dict):
        raise HttpError(400, mcp.INVALID_REQUEST, "The body is no JSON-RPC message")
    message = cast("dict[str, Any]", body)
    return Incoming(headers, message, _request(message))


def _takes(headers: Headers, *kinds: str) -> bool:
    accepted = _accepted(headers)
    return any(kind in accepted for kind in (*kinds, "*/*"))


def _accepted(headers: Headers) -> str:
    """The kinds of answers a client can read; one field may stand in several lines."""
    return ", ".join(headers.getlist("accept")).lower() or "*/*"


def _request(message: dict[str, Any]) -> mcp.JSONRPCRequest | None:
    # JSON-RPC 2.0, 4.1: a notification has no id; an answer has no method, and we ask nothing.
    is_request = "id" in message
    try:
        if is_request:
            return mcp.JSONRPCRequest.model_validate(message)
        mcp.JSONRPCNotification.model_validate(message)
    except ValidationError:
        kind = "request" if is_request else "notification"
        why = f"The body is no JSON-RPC {kind}"
        raise HttpError(400, mcp.INVALID_REQUEST, why, request_id=_id(message)) from None
    return None


def _id(message: dict[str, Any]) -> str | int | None:
    found = message.get("id")
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _too_large() -> HttpError:
    # The rest is still read and dropped: who writes to a connection that is closed reads no answer.
    return HttpError(413, mcp.INVALID_REQUEST, f"The body is larger than {MOST_BYTES} bytes")

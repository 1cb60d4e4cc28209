"""The v3 envelope: every answer and every refusal is wrapped here and nowhere else (API §1.1)."""

import json
import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sent_mcp.emulator.clock import wire

Details = dict[str, list[str]]

_BASE62 = string.ascii_letters + string.digits
_random = random.SystemRandom()


@dataclass(frozen=True)
class Answer:
    """What a handler found: a status and the envelope's `data`. `data` is not written for 204."""

    data: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Refusal(Exception):  # noqa: N818  an answer, not an error of ours
    """A request the API refuses; raised by handlers, turned into an envelope in one place."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Details | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers: Mapping[str, str] = headers or {}


@dataclass(frozen=True)
class Rendered:
    """An answer as bytes, ready to be sent now and replayed later."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def new_request_id() -> str:
    """`req_` and ten base62 characters (API §16.24)."""
    return "req_" + "".join(_random.choices(_BASE62, k=10))


def invalid(field_name: str, problem: str) -> Refusal:
    """The validation refusal that names one field (API §5, VALIDATION_001)."""
    return Refusal(400, "VALIDATION_001", "Request validation failed", {field_name: [problem]})


def ok(answer: Answer, request_id: str, now: datetime) -> Rendered:
    """The envelope of a successful answer."""
    if answer.status == 204:
        return Rendered(204, b"", answer.headers)
    body = _envelope(answer.data, None, request_id, now)
    return Rendered(answer.status, body, answer.headers)


def fail(refusal: Refusal, request_id: str, now: datetime) -> Rendered:
    """The envelope of a refusal."""
    error = {
        "code": refusal.code,
        "message": refusal.message,
        "details": refusal.details,
        "doc_url": f"https://docs.sent.dm/errors/{refusal.code}",
    }
    return Rendered(refusal.status, _envelope(None, error, request_id, now), refusal.headers)


def _envelope(data: object, error: object, request_id: str, now: datetime) -> bytes:
    meta = {"request_id": request_id, "timestamp": wire(now), "version": "v3"}
    envelope = {"success": error is None, "data": data, "error": error, "meta": meta}
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()

"""One API request as a handler sees it: authenticated, its body read, its customer known."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from starlette.datastructures import QueryParams
from starlette.requests import Request

from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.envelope import Refusal, invalid

if TYPE_CHECKING:
    from sent_mcp.emulator.database import Database

LARGEST_BODY = 1_000_000

Body = dict[str, object]


@dataclass(frozen=True)
class Call:
    """What a handler may use. Unknown body fields are there and ignored (API §16.7)."""

    database: "Database"
    now: datetime
    customer_id: str
    path: dict[str, str]
    query: QueryParams
    body: Body
    strict_phones: bool

    @property
    def timestamp(self) -> str:
        return wire(self.now)

    @property
    def sandbox(self) -> bool:
        return is_sandbox(self.body)


def is_sandbox(body: Body) -> bool:
    """Whether the request is only to be simulated (API §7.2).

    `test_mode` is the name before SDK 0.9; ignoring it would execute what the caller meant to
    simulate (API §15 row 4).
    """
    return any(flag(body, name) for name in ("sandbox", "test_mode"))


def flag(body: Body, name: str) -> bool | None:
    """The boolean under `name`, or None when it is absent or null."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise invalid(name, "Must be a boolean")


def text(body: Body, name: str) -> str | None:
    """The string under `name`, or None when it is absent or null."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid(name, "Must be a string")


def texts(body: Body, name: str) -> list[str]:
    """The list of strings under `name`; absent and null are an empty list."""
    value = body.get(name)
    if value is None:
        return []
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    strings = [item for item in items if isinstance(item, str)]
    if len(strings) != len(items):
        raise invalid(name, "Must be a list of strings")
    return strings


def mapping(value: object, name: str) -> Body:
    """`value` as a JSON object; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, "Must be an object")
    return cast("Body", value)


async def read_body(request: Request) -> Body:
    """The JSON object in the request's body; no body is an empty object.

    The content type is not looked at: the documentation's own samples leave it out.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_BODY:
            raise Refusal(413, "VALIDATION_001", "Request body is too large")
    if not content.strip():
        return {}
    try:
        body: object = json.loads(content)
        # A lone surrogate parses but can be neither stored nor sent back.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("body", "The request body is not valid JSON") from None
    return mapping(body, "body")

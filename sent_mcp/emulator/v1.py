"""The two legacy v1 reads: no envelope, camelCase, pages from 0 (API §1.3)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sent_mcp.emulator.account import ACCOUNT_ID
from sent_mcp.emulator.authentication import is_key, is_uuid
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.contact_records import (
    COUNT_ALL,
    LIST_ALL,
    ContactRow,
    find_contact,
    refresh_channels,
)
from sent_mcp.emulator.envelope import Refusal
from sent_mcp.emulator.pagination import LARGEST_PAGE_SIZE, read_integer
from sent_mcp.emulator.phones import plus_restored, read_phone
from sent_mcp.emulator.state import Emulator

FIELDS: Final = (
    "id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc",
    "country_code", "region_code", "available_channels", "default_channel",
)  # fmt: skip

Handler = Callable[[Emulator, Request], Response]


@dataclass(frozen=True)
class Endpoint:
    """A v1 handler behind the two headers of v1."""

    emulator: Emulator
    handler: Handler

    async def respond(self, request: Request) -> Response:
        """The answer; 401 is empty, as in the documentation."""
        emulator = self.emulator
        key = request.headers.get("x-api-key", "")
        sender_id = request.headers.get("x-sender-id", "")
        # The account publishes no sender ids, so any GUID is one of them.
        if not is_key(key, emulator.options.api_key) or not is_uuid(sender_id):
            return Response(status_code=401)
        now = emulator.clock.now()
        try:
            emulator.rate_limit.spend(now)
            refresh_channels(emulator.database, wire(now))
            return self.handler(emulator, request)
        except Refusal as refusal:
            return _problem(refusal)


def list_contacts(emulator: Emulator, request: Request) -> Response:
    """GET /v1/contacts."""
    page = read_integer(request.query_params, "page", 0)
    page_size = read_integer(request.query_params, "pageSize", 20)
    if page < 0:
        raise _invalid("page", "Page must not be negative")
    if not 1 <= page_size <= LARGEST_PAGE_SIZE:
        raise _invalid("pageSize", f"Page size must be between 1 and {LARGEST_PAGE_SIZE}")
    values = {"customer_id": ACCOUNT_ID}
    limits = {"limit": page_size, "offset": page * page_size}
    rows = cast("list[ContactRow]", emulator.database.all(LIST_ALL, values | limits))
    total = emulator.database.count(COUNT_ALL, values)
    content = {
        "items": [_payload(row) for row in rows],
        "totalCount": total,
        "page": page,
        "pageSize": page_size,
        "totalPages": -(-total // page_size),
    }
    return JSONResponse(content)


def find_by_phone(emulator: Emulator, request: Request) -> Response:
    """GET /v1/contacts/phone; an unknown number is 404 without a body (API §15 row 26)."""
    phone = read_phone(plus_restored(request.query_params.get("phoneNumber", "")))
    if phone is None:
        raise Refusal(400, "", "Invalid phone number")
    row = find_contact(emulator.database, ACCOUNT_ID, phone)
    if row is None or row["deleted_at"]:
        return Response(status_code=404)
    return JSONResponse(_payload(row))


def _payload(row: ContactRow) -> dict[str, object]:
    fields = cast("Mapping[str, object]", row)
    return {_camel_case(name): fields[name] for name in FIELDS}


def _camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _invalid(field: str, problem: str) -> Refusal:
    return Refusal(400, "", "Request validation failed", {field: [problem]})


def _problem(refusal: Refusal) -> Response:
    """Problem details: with `errors` for fields, with `detail` otherwise."""
    content: dict[str, object] = {"title": "Bad Request", "status": refusal.status}
    if refusal.status == 429:
        content["title"] = "Too Many Requests"
    if refusal.details:
        content["errors"] = refusal.details
    else:
        content["detail"] = refusal.message
    headers = dict(refusal.headers)
    return JSONResponse(content, refusal.status, headers, "application/problem+json")

"""The legacy reads give the same shapes as v3."""

import httpx
import pytest

from sent_mcp.errors import (
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    SentError,
    UnreadableAnswerError,
)
from tests.client.wire import KEY, Wire

PHONE = "+14155551234"
CONTACT = {
    "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "phoneNumber": PHONE,
    "formatE164": PHONE,
    "formatRfc": "tel:+1-415-555-1234",
    "countryCode": "1",
    "availableChannels": "sms,whatsapp",
    "defaultChannel": "sms",
}
PAGE = {"items": [CONTACT], "totalCount": 150, "page": 7, "pageSize": 20, "totalPages": 8}
PROBLEM = {"content-type": "application/problem+json"}


async def test_pages_are_counted_from_one_here() -> None:
    """And from zero on the wire, with both headers (API §1.3)."""
    wire = Wire(httpx.Response(200, json=PAGE), httpx.Response(200, json={**PAGE, "page": 6}))
    client = wire.v1_client()
    last = (await client.contacts.list(page=8)).data.pagination
    before = (await client.contacts.list(page=7)).data.pagination
    await client.aclose()
    assert (last.page, last.has_more, last.total_count) == (8, False, 150)
    assert (before.page, before.has_more) == (7, True)
    assert str(wire.requests[0].url).endswith("/v1/contacts?page=7&pageSize=20")
    assert wire.requests[0].headers["x-sender-id"] == "sender"
    assert wire.requests[0].headers["x-api-key"] == KEY


async def test_a_contact_is_found_by_phone() -> None:
    """What v1 does not know is None."""
    wire = Wire(httpx.Response(200, json=CONTACT))
    client = wire.v1_client()
    contact = (await client.contacts.find_by_phone(PHONE)).data
    await client.aclose()
    assert contact is not None
    assert contact.channels == ("sms", "whatsapp")
    assert (contact.opt_out, contact.created_at) == (None, None)
    assert wire.requests[0].url.params["phoneNumber"] == PHONE


@pytest.mark.parametrize(
    "step",
    [
        httpx.Response(404),
        httpx.Response(404, json={"title": "Not found"}, headers=PROBLEM),
        httpx.Response(200, json={**CONTACT, "formatE164": "+14155559999"}),
    ],
)
async def test_a_number_that_is_no_contact_is_an_answer(step: httpx.Response) -> None:
    """An empty 404, or another number's record."""
    wire = Wire(step)
    client = wire.v1_client()
    assert (await client.contacts.find_by_phone(PHONE)).data is None
    await client.aclose()


@pytest.mark.parametrize(
    ("step", "expected", "text"),
    [
        (httpx.Response(401), AuthenticationError, "AUTH_002"),
        (httpx.Response(403), PermissionDeniedError, "HTTP_403"),
        (httpx.Response(404, html="<h1>Not found</h1>"), NotFoundError, "HTTP_404"),
        (
            httpx.Response(
                400,
                json={"title": "One or more errors", "errors": {"phoneNumber": ["Invalid"]}},
                headers=PROBLEM,
            ),
            BadRequestError,
            'HTTP_400: "One or more errors".\nphoneNumber: "Invalid"',
        ),
        (
            httpx.Response(400, json={"title": "Bad Request", "detail": "Invalid phone number"}),
            BadRequestError,
            'HTTP_400: "Invalid phone number".',
        ),
        (
            httpx.Response(200, json={**CONTACT, "phoneNumber": 1}),
            UnreadableAnswerError,
            "phoneNumber: input should be a valid string",
        ),
    ],
)
async def test_its_errors_are_of_the_same_tree(
    step: httpx.Response, expected: type[SentError], text: str
) -> None:
    """Problem details instead of an envelope; empty bodies for a refused key."""
    wire = Wire(step)
    client = wire.v1_client()
    with pytest.raises(expected, match=text):
        await client.contacts.find_by_phone(PHONE)
    await client.aclose()

"""The two legacy reads."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from tests.emulator.asking import UNKNOWN_ID
from tests.emulator.conftest import KEY, client_of

FIELDS = {
    "id",
    "phoneNumber",
    "formatE164",
    "formatInternational",
    "formatNational",
    "formatRfc",
    "countryCode",
    "regionCode",
    "availableChannels",
    "defaultChannel",
}


@pytest.fixture
async def v1(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(app) as client:
        client.headers["x-sender-id"] = UNKNOWN_ID
        yield client


async def test_a_list_begins_at_page_zero(v1: httpx.AsyncClient) -> None:
    body = (await v1.get("/v1/contacts")).json()
    assert (body["page"], body["pageSize"], body["totalPages"], body["totalCount"]) == (
        0,
        20,
        8,
        150,
    )
    assert set(body["items"][0]) == FIELDS
    newest = (await v1.get("/v3/contacts")).json()["data"]["contacts"]
    assert [item["id"] for item in body["items"]] == [item["id"] for item in newest]


async def test_pages_do_not_overlap(v1: httpx.AsyncClient) -> None:
    pages = [(await v1.get(f"/v1/contacts?page={page}&pageSize=100")).json() for page in range(3)]
    ids = [item["id"] for page in pages for item in page["items"]]
    assert len(set(ids)) == len(ids) == 150
    assert pages[2]["items"] == []


@pytest.mark.parametrize("phone", ["%2B14155550102", "+14155550102"])
async def test_a_contact_is_found_by_phone(v1: httpx.AsyncClient, phone: str) -> None:
    response = await v1.get(f"/v1/contacts/phone?phoneNumber={phone}")
    assert response.json()["formatNational"] == "(415) 555-0102"
    assert set(response.json()) == FIELDS


async def test_an_unknown_phone_is_an_empty_404(v1: httpx.AsyncClient) -> None:
    response = await v1.get("/v1/contacts/phone?phoneNumber=%2B14155550150")
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize("query", ["", "?phoneNumber=abc"])
async def test_a_bad_phone_is_a_problem(v1: httpx.AsyncClient, query: str) -> None:
    response = await v1.get(f"/v1/contacts/phone{query}")
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["detail"] == "Invalid phone number"


@pytest.mark.parametrize("query", ["page=-1", "page=x", "pageSize=0", "pageSize=101"])
async def test_a_bad_page_is_a_problem(v1: httpx.AsyncClient, query: str) -> None:
    response = await v1.get(f"/v1/contacts?{query}")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": KEY},
        {"x-sender-id": UNKNOWN_ID},
        {"x-api-key": "other", "x-sender-id": UNKNOWN_ID},
        {"x-api-key": KEY, "x-sender-id": "me"},
    ],
)
async def test_both_headers_are_needed(app: Starlette, headers: dict[str, str]) -> None:
    async with client_of(app, key=None) as http:
        response = await http.get("/v1/contacts", headers=headers)
    assert (response.status_code, response.content) == (401, b"")


async def test_the_rate_limit_counts_v1_too() -> None:
    async with client_of(create_app(requests_per_minute=1)) as http:
        http.headers["x-sender-id"] = UNKNOWN_ID
        assert (await http.get("/v1/contacts")).status_code == 200
        refused = await http.get("/v1/contacts")
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers

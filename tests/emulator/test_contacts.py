"""Contacts that are listed, searched, found by their number and read by their id.

Through the official SDK where it can say it, and plain HTTP where it cannot.
"""

import httpx
import pytest
from sent_dm import AsyncSent, NotFoundError

from tests.emulator.asking import UNKNOWN_ID, code_of, id_of


async def test_walking_the_pages_meets_every_contact_once(sent: AsyncSent) -> None:
    contacts = [contact async for contact in sent.contacts.list(page_size=20)]
    assert len({contact.id for contact in contacts}) == 150


async def test_a_first_page_counts_like_the_documentation(http: httpx.AsyncClient) -> None:
    data = (await http.get("/v3/contacts")).json()["data"]
    assert data["pagination"] == {
        "page": 1,
        "page_size": 20,
        "total_count": 150,
        "total_pages": 8,
        "has_more": True,
        "cursors": None,
    }
    created = [contact["created_at"] for contact in data["contacts"]]
    assert created == sorted(created, reverse=True)


async def test_a_page_past_the_end_is_empty(sent: AsyncSent) -> None:
    page = await sent.contacts.list(page=9)
    assert page.data is not None
    assert page.data.contacts == []
    assert not page.has_next_page()


async def test_the_page_size_has_an_old_alias(http: httpx.AsyncClient) -> None:
    response = await http.get("/v3/contacts", params={"pageSize": 7})
    assert len(response.json()["data"]["contacts"]) == 7


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=0", "VALIDATION_005"),
        ("page=-1", "VALIDATION_005"),
        ("page=two", "VALIDATION_001"),
        ("page=", "VALIDATION_001"),
        ("page=2147483648", "VALIDATION_001"),
        ("page_size=0", "VALIDATION_001"),
        ("page_size=101", "VALIDATION_001"),
        ("channel=fax", "VALIDATION_006"),
        ("phone=abc", "VALIDATION_002"),
    ],
)
async def test_a_list_refuses(http: httpx.AsyncClient, query: str, code: str) -> None:
    response = await http.get(f"/v3/contacts?{query}")
    assert response.status_code == 400
    assert code_of(response) == code


async def test_a_page_size_out_of_range_names_the_range(http: httpx.AsyncClient) -> None:
    response = await http.get("/v3/contacts?page_size=101")
    details = response.json()["error"]["details"]
    assert details == {"page_size": ["Page size must be between 1 and 100"]}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("+1415555010", 10),
        ("%2B1415555010", 10),
        ("(415) 555-01", 50),
        ("5550149", 1),
        ("nobody", 0),
    ],
)
async def test_search_looks_for_digits(http: httpx.AsyncClient, search: str, found: int) -> None:
    """A raw `+` arrives as a space, and still means a plus."""
    response = await http.get(f"/v3/contacts?search={search}")
    assert response.json()["data"]["pagination"]["total_count"] == found


async def test_a_channel_filter_keeps_who_has_it(sent: AsyncSent) -> None:
    contacts = [item async for item in sent.contacts.list(channel="whatsapp", page_size=100)]
    assert contacts
    assert all("whatsapp" in (item.available_channels or "") for item in contacts)


@pytest.mark.parametrize("phone", ["%2B14155550102", "+14155550102", "%2B1%20(415)%20555-0102"])
async def test_a_contact_is_found_by_phone(http: httpx.AsyncClient, phone: str) -> None:
    data = (await http.get(f"/v3/contacts?phone={phone}")).json()["data"]
    assert [contact["format_e164"] for contact in data["contacts"]] == ["+14155550102"]
    assert data["pagination"]["has_more"] is False


async def test_an_unknown_phone_is_not_found(sent: AsyncSent) -> None:
    with pytest.raises(NotFoundError) as refusal:
        await sent.contacts.list(phone="+14155550150")
    assert "Contact not found with the specified phone number" in str(refusal.value)


async def test_a_contact_is_read_by_id(sent: AsyncSent) -> None:
    contact = (await sent.contacts.retrieve(await id_of(sent, "+14155550102"))).data
    assert contact is not None
    assert contact.format_international == "+1 415-555-0102"
    assert contact.format_national == "(415) 555-0102"
    assert contact.format_rfc == "tel:+1-415-555-0102"
    assert (contact.country_code, contact.region_code) == ("1", "US")
    assert contact.is_inherited is False


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "/v3/contacts/contact_123", "VALIDATION_003", "Invalid ID format."),
        ("PATCH", "/v3/contacts/contact_123", "VALIDATION_003", "Invalid ID format."),
        ("DELETE", "/v3/contacts/contact_123", "VALIDATION_001", "Invalid contact ID format."),
        ("GET", "/v3/contacts/x/message-summary", "VALIDATION_003", "Invalid ID format."),
        ("GET", "/v3/conversations/x", "VALIDATION_003", "Invalid ID format."),
    ],
)
async def test_a_bad_id_has_the_code_of_its_endpoint(
    http: httpx.AsyncClient, method: str, path: str, code: str, message: str
) -> None:
    response = await http.request(method, path)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["code"], error["message"]) == (code, message)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_id_is_not_found(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, f"/v3/contacts/{UNKNOWN_ID}")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Contact not found"


async def test_ids_are_read_in_either_case(sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550102")
    contact = (await sent.contacts.retrieve(contact_id.upper())).data
    assert contact is not None
    assert contact.id == contact_id

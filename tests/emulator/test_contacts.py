"""Contacts, through the official SDK where it can say it and plain HTTP where it cannot."""

import httpx
import pytest
from sent_dm import AsyncSent, BadRequestError, ConflictError, NotFoundError
from sent_dm import UnprocessableEntityError as Unprocessable

from sent_mcp.emulator import create_app
from tests.emulator.conftest import Advance, client_of

UNKNOWN_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def code_of(response: httpx.Response) -> str:
    return response.json()["error"]["code"]


async def id_of(sent: AsyncSent, phone_number: str) -> str:
    page = await sent.contacts.list(phone=phone_number)
    assert page.data is not None
    assert page.data.contacts is not None
    (contact,) = page.data.contacts
    assert contact.id is not None
    return contact.id


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


async def test_creation_answers_201_with_sms_only(http: httpx.AsyncClient) -> None:
    response = await http.post("/v3/contacts", json={"phone_number": "+1 415-555-0160"})
    assert response.status_code == 201
    contact = response.json()["data"]
    assert contact["phone_number"] == "+1 415-555-0160"
    assert contact["format_e164"] == "+14155550160"
    assert contact["available_channels"] == contact["default_channel"] == "sms"
    assert contact["updated_at"] is None


@pytest.mark.parametrize(
    ("phone_number", "channels"),
    [
        ("+14155550151", "sms"),
        ("+14155550152", "sms,whatsapp"),
        ("+14155550160", "sms,whatsapp,rcs"),
    ],
)
async def test_further_channels_show_two_seconds_later(
    sent: AsyncSent, advance: Advance, phone_number: str, channels: str
) -> None:
    created = (await sent.contacts.create(phone_number=phone_number)).data
    assert created is not None
    assert created.id is not None
    await advance(2)
    contact = (await sent.contacts.retrieve(created.id)).data
    assert contact is not None
    assert contact.available_channels == channels


async def test_a_number_is_a_contact_only_once(sent: AsyncSent) -> None:
    with pytest.raises(ConflictError) as refusal:
        await sent.contacts.create(phone_number="tel:+1-415-555-0100")
    assert "RESOURCE_007" in str(refusal.value)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "VALIDATION_001"),
        ({"phone_number": " "}, "VALIDATION_001"),
        ({"phone_number": 14155550160}, "VALIDATION_001"),
        ({"phone_number": None}, "VALIDATION_001"),
        ({"phone_number": "(415) 555-0160"}, "VALIDATION_002"),
        ({"phone_number": "invalid-number"}, "VALIDATION_002"),
        ({"phone_number": "+1-800-FLOWERS"}, "VALIDATION_002"),
        ({"phone_number": "+14155550160 ext 5"}, "VALIDATION_002"),
        ({"phone_number": "+1"}, "VALIDATION_002"),
        ({"phone_number": "+9991234567"}, "VALIDATION_002"),
        ({"phone_number": "+1415555" + "0" * 80}, "VALIDATION_002"),
        ({"phone_number": "+14155550160", "sandbox": "yes"}, "VALIDATION_001"),
    ],
)
async def test_creation_refuses(
    http: httpx.AsyncClient, body: dict[str, object], code: str
) -> None:
    response = await http.post("/v3/contacts", json=body)
    assert response.status_code == 400
    assert code_of(response) == code


async def test_a_number_without_a_country_is_kept_in_the_librarys_words(sent: AsyncSent) -> None:
    """The documentation's own sample is one digit short, and Sent stores it (API §15 row 8)."""
    contact = (await sent.contacts.create(phone_number="+1234567890")).data
    assert contact is not None
    assert contact.region_code is None
    assert contact.format_international == "+1 234567890"


async def test_strict_phones_refuse_what_no_numbering_plan_has() -> None:
    async with client_of(create_app(strict_phones=True)) as http:
        response = await http.post("/v3/contacts", json={"phone_number": "+1234567890"})
    assert code_of(response) == "VALIDATION_002"


async def test_an_international_service_number_has_no_region(sent: AsyncSent) -> None:
    contact = (await sent.contacts.create(phone_number="+80012345678")).data
    assert contact is not None
    assert contact.region_code is None


async def test_an_update_changes_only_what_is_given(sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550102")
    opted_out = (await sent.contacts.update(contact_id, opt_out=True)).data
    assert opted_out is not None
    assert (opted_out.opt_out, opted_out.default_channel) == (True, "sms")
    assert opted_out.updated_at is not None
    moved = (await sent.contacts.update(contact_id, default_channel="whatsapp")).data
    assert moved is not None
    assert (moved.opt_out, moved.default_channel) == (True, "whatsapp")
    lifted = (await sent.contacts.update(contact_id, opt_out=False)).data
    assert lifted is not None
    assert lifted.opt_out is False


@pytest.mark.parametrize(
    "body", [{}, {"opt_out": None, "default_channel": None}, {"metadata": {"language": "es"}}]
)
async def test_nulls_and_unknown_fields_change_nothing(
    http: httpx.AsyncClient, sent: AsyncSent, body: dict[str, object]
) -> None:
    contact_id = await id_of(sent, "+14155550102")
    response = await http.patch(f"/v3/contacts/{contact_id}", json=body)
    assert response.status_code == 200
    assert response.json()["data"]["updated_at"] is None
    assert "metadata" not in response.json()["data"]


async def test_a_default_channel_must_be_available(sent: AsyncSent) -> None:
    with pytest.raises(Unprocessable) as refusal:
        await sent.contacts.update(await id_of(sent, "+14155550101"), default_channel="whatsapp")
    assert "BUSINESS_007" in str(refusal.value)


async def test_a_default_channel_must_exist(sent: AsyncSent) -> None:
    with pytest.raises(BadRequestError) as refusal:
        await sent.contacts.update(await id_of(sent, "+14155550102"), default_channel="SMS")
    assert "VALIDATION_006" in str(refusal.value)


async def test_a_deleted_contact_is_gone(http: httpx.AsyncClient, sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550102")
    with pytest.deprecated_call():
        await sent.contacts.delete(contact_id)  # pyright: ignore[reportDeprecated]
    for path in (f"/v3/contacts/{contact_id}", "/v3/contacts?phone=%2B14155550102"):
        assert (await http.get(path)).status_code == 404
    again = await http.delete(f"/v3/contacts/{contact_id}")
    assert (again.status_code, code_of(again)) == (404, "RESOURCE_001")
    total = (await http.get("/v3/contacts")).json()["data"]["pagination"]["total_count"]
    assert total == 149


async def test_a_deletion_needs_no_body_and_answers_none(
    http: httpx.AsyncClient, sent: AsyncSent
) -> None:
    response = await http.delete(f"/v3/contacts/{await id_of(sent, '+14155550102')}")
    assert (response.status_code, response.content) == (204, b"")


async def test_a_restored_contact_keeps_its_id_and_its_opt_out(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    """Consent must survive a deletion."""
    contact_id = await id_of(sent, "+14155550102")
    await sent.contacts.update(contact_id, opt_out=True)
    await http.delete(f"/v3/contacts/{contact_id}")
    restored = (await sent.contacts.create(phone_number="+14155550102")).data
    assert restored is not None
    assert (restored.id, restored.opt_out) == (contact_id, True)
    assert restored.available_channels == "sms"
    await advance(2)
    found = (await sent.contacts.retrieve(contact_id)).data
    assert found is not None
    assert found.available_channels == "sms,whatsapp"


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

"""Contacts that are created, changed, deleted and restored.

Through the official SDK where it can say it, and plain HTTP where it cannot.
"""

import httpx
import pytest
from sent_dm import AsyncSent, BadRequestError, ConflictError
from sent_dm import UnprocessableEntityError as Unprocessable

from sent_mcp.emulator import create_app
from tests.emulator.asking import code_of, id_of
from tests.emulator.conftest import Advance, client_of


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

"""Contacts through SentClient, lost answers included."""

import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.client import SentClient
from sent_mcp.errors import (
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UnreadableAnswerError,
)
from tests.client.wire import CONTACT, Wire, failed, moment, ok, page

ID = str(CONTACT["id"])
PHONE = "+14155551234"
GONE = failed(404, "RESOURCE_001", "Contact not found")
DUPLICATE = failed(409, "RESOURCE_007", "Contact with this phone number already exists")
SUMMARY: JsonValue = {
    "contact_id": ID,
    "message_count": 42,
    "first_message_at": "2026-07-04T12:01:06.345494+00:00",
    "channels_used": ["sms", "whatsapp"],
    "channel_scores": [{"channel": "sms", "success_score": 91, "fail_score": 9}],
}


async def test_a_page_comes_with_its_counts_and_sents_clock() -> None:
    """Filters that are not given are not sent."""
    wire = Wire(ok(page(CONTACT)), ok(page()))
    client = wire.client()
    answer = await client.contacts.list()
    await client.contacts.list(page=2, page_size=100, search="+1415", channel="sms")
    await client.aclose()
    assert answer.data.contacts[0].channels == ("sms", "whatsapp")
    assert answer.data.pagination.total_count == 1
    assert answer.request_id == "req_7X9zKp2jDw"
    assert answer.timestamp == moment("10:00:05.182605")
    assert str(wire.requests[0].url).endswith("/v3/contacts?page=1&page_size=20")
    assert str(wire.requests[1].url).endswith("?page=2&page_size=100&search=%2B1415&channel=sms")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sms,whatsapp", ("sms", "whatsapp")),
        ("SMS, WhatsApp ,sms", ("sms", "whatsapp")),
        (",, rcs", ("rcs",)),
        ("", ()),
        (None, ()),
    ],
)
async def test_channels_are_read_in_any_case_and_once(
    written: str | None, expected: tuple[str, ...]
) -> None:
    """Samples differ in case (API §2)."""
    wire = Wire(ok({**CONTACT, "available_channels": written}))
    client = wire.client()
    assert (await client.contacts.get(ID)).data.channels == expected
    await client.aclose()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone_number", 14155551234),
        ("opt_out", "false"),
        ("available_channels", ["sms"]),
        ("created_at", "yesterday"),
        ("id", None),
    ],
)
async def test_a_wrong_type_is_an_error_that_names_the_field(field: str, value: JsonValue) -> None:
    """Rather than a guess at what was meant."""
    wire = Wire(ok(page(CONTACT, {**CONTACT, field: value})))
    client = wire.client()
    with pytest.raises(UnreadableAnswerError, match=rf"data\.contacts\.1\.{field}: "):
        await client.contacts.list()
    await client.aclose()


@pytest.mark.parametrize("unset", ["0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00"])
async def test_a_time_that_was_never_set_is_none(unset: str) -> None:
    """.NET writes the year 1, and a contact from then would pass for an old one."""
    wire = Wire(ok({**CONTACT, "created_at": unset, "updated_at": unset}))
    client = wire.client()
    contact = (await client.contacts.get(ID)).data
    await client.aclose()
    assert (contact.created_at, contact.updated_at) == (None, None)


async def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    """Callers check ids; this holds when one does not."""
    wire = Wire(GONE)
    client = wire.client()
    with pytest.raises(NotFoundError):
        await client.contacts.get("../me?x=1")
    await client.aclose()
    assert wire.requests[0].url.raw_path == b"/v3/contacts/%2E%2E%2Fme%3Fx%3D1"


@pytest.mark.parametrize("data", [page(CONTACT), {"contacts": CONTACT}, CONTACT])
async def test_a_contact_is_found_by_phone_in_whatever_shape(data: JsonValue) -> None:
    """The shape of a match is not documented (API §3.2)."""
    wire = Wire(ok(data))
    client = wire.client()
    answer = await client.contacts.find_by_phone(PHONE)
    await client.aclose()
    assert answer.data is not None
    assert answer.data.id == ID
    assert wire.requests[0].url.params["phone"] == PHONE


@pytest.mark.parametrize(
    "step",
    [
        GONE,
        ok(page()),
        ok({"contacts": None}),
        ok(None),
        ok(page({**CONTACT, "format_e164": "+14155559999"})),
    ],
)
async def test_a_number_that_is_no_contact_is_an_answer(step: httpx.Response) -> None:
    """Another number's record is no match, whatever Sent answers with."""
    wire = Wire(step)
    client = wire.client()
    answer = await client.contacts.find_by_phone(PHONE)
    await client.aclose()
    assert answer.data is None
    assert answer.timestamp == moment("10:00:05.182605")


@pytest.mark.parametrize(
    "step", [httpx.Response(404, html="<h1>Not found</h1>"), failed(404, "RESOURCE_004")]
)
async def test_another_404_does_not_mean_that_a_number_is_no_contact(step: httpx.Response) -> None:
    """A wrong base URL must not turn everybody into strangers."""
    wire = Wire(step)
    client = wire.client()
    with pytest.raises(NotFoundError):
        await client.contacts.find_by_phone(PHONE)
    await client.aclose()


async def test_creating_sends_the_number_and_the_key() -> None:
    """And the dry run as a flag, which Sent confirms in a header."""
    wire = Wire(ok(CONTACT, status=201), ok(CONTACT, status=201, headers={"X-Sandbox": "true"}))
    client = wire.client()
    made = await client.contacts.create(PHONE, idempotency_key="k1")
    tried = await client.contacts.create(PHONE, sandbox=True, idempotency_key="k2")
    await client.aclose()
    assert (made.sandbox, tried.sandbox) == (False, True)
    assert wire.body(0) == {"phone_number": PHONE}
    assert wire.body(1) == {"phone_number": PHONE, "sandbox": True}
    assert wire.keys() == ["k1", "k2"]


async def created(wire: Wire, *, sandbox: bool = False) -> bool:
    client = wire.client()
    try:
        answer = await client.contacts.create_or_find(PHONE, sandbox=sandbox, idempotency_key="k")
    finally:
        await client.aclose()
    assert answer.data.contact.id == ID
    assert answer.sandbox == sandbox
    return answer.data.created


async def test_create_or_find_says_which_it_was() -> None:
    """An existing contact is no error."""
    assert await created(Wire(ok(CONTACT, status=201)))
    assert not await created(Wire(DUPLICATE, ok(page(CONTACT))))
    assert not await created(Wire(DUPLICATE, ok(page(CONTACT))), sandbox=True)


async def test_a_conflict_that_cannot_be_found_stays_a_conflict() -> None:
    """And other conflicts are not about an existing contact."""
    with pytest.raises(ConflictError, match="RESOURCE_007"):
        await created(Wire(DUPLICATE, GONE))
    with pytest.raises(ConflictError, match="CONFLICT_005"):
        await created(Wire(failed(409, "CONFLICT_005")))


async def test_a_conflict_whose_contact_cannot_be_read_says_that_nothing_was_done() -> None:
    """The first attempt was refused, so this call has made nothing."""
    with pytest.raises(PermissionDeniedError, match="Nothing was changed or sent"):
        await created(Wire(DUPLICATE, failed(403, "AUTH_004")))


async def update(wire: Wire, **changes: JsonValue) -> None:
    client = wire.client()
    try:
        answer = await client.contacts.update(ID, changes, idempotency_key="k")
    finally:
        await client.aclose()
    assert answer.data.id == ID


async def test_updating_sends_only_the_named_fields() -> None:
    """Null would be a value."""
    wire = Wire(ok({**CONTACT, "opt_out": True}))
    await update(wire, opt_out=True)
    assert wire.calls == [f"PATCH /v3/contacts/{ID}"]
    assert wire.body() == {"opt_out": True}
    assert wire.keys() == ["k"]


async def delete(*steps: httpx.Response | Exception) -> Wire:
    wire = Wire(*steps)
    client = wire.client()
    try:
        await client.contacts.delete(ID)
    finally:
        await client.aclose()
    return wire


async def test_deleting_sends_an_empty_object_as_the_sdks_do() -> None:
    """API §3.5; an answer with an envelope is as good as a 204."""
    wire = await delete(httpx.Response(204))
    assert wire.body() == {}
    assert wire.requests[0].headers["content-type"] == "application/json"
    await delete(ok(None))


async def test_deleting_what_is_not_there_is_an_error_at_the_first_attempt() -> None:
    """After an attempt that surely did nothing, too."""
    with pytest.raises(NotFoundError):
        await delete(GONE)
    with pytest.raises(NotFoundError):
        await delete(failed(429, "BUSINESS_002"), GONE)


async def test_a_refused_deletion_is_an_error_in_a_200_as_well() -> None:
    """`success: false` is not success."""
    with pytest.raises(PermissionDeniedError):
        await delete(failed(200, "AUTH_004"))


async def test_a_summary_counts_messages() -> None:
    """API §3.6."""
    wire = Wire(ok(SUMMARY))
    client = wire.client()
    summary = (await client.contacts.summary(ID)).data
    await client.aclose()
    assert wire.calls == [f"GET /v3/contacts/{ID}/message-summary"]
    assert summary.message_count == 42
    assert summary.channel_scores[0].success_score == 91


async def test_data_that_is_missing_is_an_error() -> None:
    """A success must carry what was asked for."""
    wire = Wire(httpx.Response(200, json={"success": True}))
    client: SentClient = wire.client()
    with pytest.raises(UnreadableAnswerError, match="no data"):
        await client.contacts.get(ID)
    await client.aclose()

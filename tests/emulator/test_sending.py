"""Sends: what is accepted and refused, and what is decided about each message."""

import httpx
import pytest
from sent_dm import AsyncSent

from tests.emulator.asking import (
    ORDER,
    SMS_ONLY,
    UNKNOWN_ID,
    WHATSAPP,
    code_of,
    id_of,
    read,
    sent_message,
)


async def test_a_template_send_is_accepted_per_recipient_and_channel(sent: AsyncSent) -> None:
    data = (
        await sent.messages.send(
            to=[WHATSAPP, SMS_ONLY],
            channel=["sms", "whatsapp"],
            template={"name": "order_confirmation", "parameters": ORDER["parameters"]},  # pyright: ignore[reportArgumentType]
        )
    ).data
    assert data is not None
    assert data.recipients is not None
    assert (data.status, data.template_name) == ("QUEUED", "order_confirmation")
    assert [(item.to, item.channel) for item in data.recipients] == [
        (WHATSAPP, "sms"),
        (WHATSAPP, "whatsapp"),
        (SMS_ONLY, "sms"),
        (SMS_ONLY, "whatsapp"),
    ]
    assert data.recipients[0].body == "Hi Ada, your order 1815 has been confirmed."


async def test_an_auto_detected_message_names_no_channel_yet(sent: AsyncSent) -> None:
    data = (await sent.messages.send(to=[SMS_ONLY], text="Hello")).data
    assert data is not None
    assert data.recipients is not None
    (recipient,) = data.recipients
    assert (recipient.channel, recipient.body) == (None, None)
    assert (await read(sent, recipient.message_id)).channel == "sms"


async def test_a_send_creates_the_contacts_that_are_missing(
    http: httpx.AsyncClient, sent: AsyncSent
) -> None:
    message = await sent_message(http, "+14155550162", text="Hello")
    assert message["contact_id"] == await id_of(sent, "+14155550162")


async def test_a_repeated_recipient_gets_one_message(http: httpx.AsyncClient) -> None:
    body = {"to": ["+14155550101", "+1 415-555-0101"], "text": "Hello"}
    data = (await http.post("/v3/messages", json=body)).json()["data"]
    assert len(data["recipients"]) == 1


@pytest.mark.parametrize(
    ("body", "outcome", "code"),
    [
        ({"template": {"name": "verification_code"}}, "BLOCKED", "BUSINESS_005"),
        ({"template": {"name": "summer_sale"}}, "BLOCKED", "BUSINESS_005"),
        ({"template": ORDER, "channel": ["rcs"]}, "BLOCKED", "BUSINESS_005"),
        ({"text": "Hello", "channel": ["whatsapp"]}, "BLOCKED", "DELIVERY_007"),
        (
            {"text": "Hello", "channels": {"sms": [{"from": ["+12125550000"]}]}},
            "BLOCKED",
            "BUSINESS_029",
        ),
        (
            {"template": {"name": "order_confirmation", "parameters": {"name": "Ada"}}},
            "FAILED",
            "ERR_TEMPLATE_PARAMS_INVALID",
        ),
    ],
)
async def test_what_the_api_decides_per_message(
    http: httpx.AsyncClient, body: dict[str, object], outcome: str, code: str
) -> None:
    """The request is accepted; the message says what became of it."""
    message = await sent_message(http, WHATSAPP, **body)
    assert (message["status"], message["reason_code"]) == (outcome, code)
    assert message["reason"]
    assert message["price"] is None
    event = message["events"]
    assert isinstance(event, list)
    assert event[-1]["reason_code"] == code


async def test_an_opted_out_recipient_is_filtered(http: httpx.AsyncClient, sent: AsyncSent) -> None:
    await sent.contacts.update(await id_of(sent, WHATSAPP), opt_out=True)
    message = await sent_message(http, template=ORDER)
    assert (message["status"], message["reason_code"]) == ("FILTERED", "BUSINESS_004")


async def test_a_channel_that_the_contact_lacks_fails(http: httpx.AsyncClient) -> None:
    message = await sent_message(http, SMS_ONLY, channel=["whatsapp"], template=ORDER)
    assert (message["status"], message["reason_code"]) == ("FAILED", "BUSINESS_007")


async def test_a_new_contact_is_reached_where_its_number_is(http: httpx.AsyncClient) -> None:
    """The record says `sms` for two seconds; the network knows better."""
    message = await sent_message(http, "+14155550152", channel=["whatsapp"], template=ORDER)
    assert message["status"] == "QUEUED"


@pytest.mark.parametrize(
    ("to", "body", "channel"),
    [
        (WHATSAPP, {"template": ORDER}, "sms"),
        (WHATSAPP, {"template": {"name": "delivery_update"}}, "whatsapp"),
        (SMS_ONLY, {"template": {"name": "delivery_update"}}, "sms"),
        (WHATSAPP, {"text": "Look", "media_urls": ["https://example.com/a.jpg"]}, "mms"),
    ],
)
async def test_auto_detection_takes_what_contact_and_content_share(
    http: httpx.AsyncClient, to: str, body: dict[str, object], channel: str
) -> None:
    assert (await sent_message(http, to, **body))["channel"] == channel


async def test_auto_detection_prefers_the_contacts_default(
    http: httpx.AsyncClient, sent: AsyncSent
) -> None:
    await sent.contacts.update(await id_of(sent, WHATSAPP), default_channel="whatsapp")
    assert (await sent_message(http, template=ORDER))["channel"] == "whatsapp"
    assert (await sent_message(http, text="Hello"))["channel"] == "sms"


async def test_a_contact_on_whatsapp_only_is_not_sent_free_text(
    http: httpx.AsyncClient, sent: AsyncSent
) -> None:
    contacts = [item async for item in sent.contacts.list(channel="whatsapp", page_size=100)]
    only = next(item for item in contacts if item.available_channels == "whatsapp")
    message = await sent_message(http, str(only.format_e164), text="Hello")
    assert (message["channel"], message["status"]) == ("whatsapp", "BLOCKED")


async def test_an_unknown_contact_is_tried_by_sms(http: httpx.AsyncClient, sent: AsyncSent) -> None:
    contacts = [item async for item in sent.contacts.list(page_size=100)]
    unknown = next(item for item in contacts if item.available_channels == "")
    message = await sent_message(http, str(unknown.format_e164), text="Hello")
    assert (message["channel"], message["status"]) == ("sms", "QUEUED")


async def test_attachments_and_headers_are_in_the_body(http: httpx.AsyncClient) -> None:
    picture = "https://example.com/a.jpg"
    mms = await sent_message(http, text="Look", channel=["mms"], media_urls=[picture], subject="Hi")
    body = mms["message_body"]
    assert isinstance(body, dict)
    assert body["media"][0]["url"] == picture
    assert (body["subject"], body["headerMedia"], body["footer"]) == ("Hi", None, None)
    parameters = {"name": "Ada", "order_number": "1", "header_image": picture}
    template = {"name": "order_confirmation", "parameters": parameters}
    with_header = await sent_message(http, channel=["whatsapp"], template=template)
    body = with_header["message_body"]
    assert isinstance(body, dict)
    assert body["headerMedia"] == {"type": "image", "url": picture}


async def test_of_template_id_and_name_the_id_wins(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/v3/templates?search=welcome")).json()["data"]["templates"]
    reference = {"id": listed[0]["id"], "name": "order_confirmation"}
    assert (await sent_message(http, template=reference))["template_name"] == "welcome_message"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": []}, "VALIDATION_001"),
        ({"to": None}, "VALIDATION_001"),
        ({"to": WHATSAPP}, "VALIDATION_001"),
        ({"to": [5]}, "VALIDATION_001"),
        ({"to": ["4155550102"]}, "VALIDATION_002"),
        ({"to": [WHATSAPP] * 1001}, "VALIDATION_005"),
        ({"text": None}, "VALIDATION_001"),
        ({"text": "Hello", "template": ORDER}, "VALIDATION_001"),
        ({"text": None, "template": {}}, "VALIDATION_001"),
        ({"text": None, "template": "order_confirmation"}, "VALIDATION_001"),
        ({"text": None, "template": {"id": "tmpl_123"}}, "VALIDATION_001"),
        ({"text": None, "template": ORDER | {"parameters": {"name": 1}}}, "VALIDATION_001"),
        ({"text": "x" * 4097}, "VALIDATION_005"),
        ({"channel": ["fax"]}, "VALIDATION_006"),
        ({"channels": {"sent": []}}, "VALIDATION_006"),
        ({"channels": {"sms": {}}}, "VALIDATION_001"),
        ({"channels": {"sms": ["+14155550199"]}}, "VALIDATION_001"),
        ({"channel": ["mms"]}, "VALIDATION_001"),
        ({"media_urls": ["http://example.com/a.jpg"]}, "VALIDATION_001"),
        ({"scheduled_at": "tomorrow"}, "VALIDATION_001"),
        ({"scheduled_at": "2026-12-01T10:00:00"}, "VALIDATION_001"),
        ({"scheduled_at": "2020-01-01T10:00:00Z"}, "VALIDATION_005"),
        ({"scheduled_at": "2199-01-01T10:00:00+02:00"}, "VALIDATION_005"),
    ],
)
async def test_a_send_refuses(http: httpx.AsyncClient, body: dict[str, object], code: str) -> None:
    given = {"to": [WHATSAPP], "text": "Hello"} | body
    response = await http.post("/v3/messages", json=given)
    assert (response.status_code, code_of(response)) == (400, code)


async def test_a_bad_recipient_is_named_by_its_place(http: httpx.AsyncClient) -> None:
    body = {"to": [WHATSAPP, "invalid-number"], "text": "Hello"}
    response = await http.post("/v3/messages", json=body)
    assert list(response.json()["error"]["details"]) == ["to[1]"]


@pytest.mark.parametrize("reference", [{"name": "no_such"}, {"id": UNKNOWN_ID}])
async def test_an_unknown_template_is_not_found(
    http: httpx.AsyncClient, reference: dict[str, str]
) -> None:
    body = {"to": [WHATSAPP], "template": reference}
    response = await http.post("/v3/messages", json=body)
    assert (response.status_code, code_of(response)) == (404, "RESOURCE_002")

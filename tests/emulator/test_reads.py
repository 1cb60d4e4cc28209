"""Templates, number lookup, conversations, message summaries and the account."""

import httpx
import pytest
from sent_dm import AsyncSent, BadRequestError, NotFoundError

from tests.emulator.asking import ORDER, SMS_ONLY, UNKNOWN_ID, code_of, id_of, sent_message
from tests.emulator.conftest import Advance


async def test_the_templates_are_the_six_of_the_seed(sent: AsyncSent) -> None:
    templates = {item.name: item async for item in sent.templates.list()}
    assert len(templates) == 6
    assert sorted(item.status or "" for item in templates.values()) == [
        *["APPROVED"] * 4,
        "PENDING",
        "REJECTED",
    ]
    assert templates["order_confirmation"].variables == ["name", "order_number"]
    assert templates["appointment_reminder"].channels == ["sms"]
    assert templates["delivery_update"].channels == ["whatsapp"]
    categories = {item.category for item in templates.values()}
    assert categories == {"UTILITY", "MARKETING", "AUTHENTICATION"}


async def test_a_template_is_read_by_id(sent: AsyncSent) -> None:
    templates = [item async for item in sent.templates.list(search="ORDER")]
    assert [item.name for item in templates] == ["order_confirmation"]
    template = (await sent.templates.retrieve(str(templates[0].id))).data
    assert template == templates[0]


@pytest.mark.parametrize(
    ("query", "count"), [("status=APPROVED", 4), ("category=marketing", 2), ("status=DRAFT", 0)]
)
async def test_templates_are_filtered(http: httpx.AsyncClient, query: str, count: int) -> None:
    data = (await http.get(f"/v3/templates?{query}")).json()["data"]
    assert data["pagination"]["total_count"] == len(data["templates"]) == count


async def test_the_text_of_a_template_is_not_shown(http: httpx.AsyncClient) -> None:
    templates = (await http.get("/v3/templates")).json()["data"]["templates"]
    assert not any("content" in template for template in templates)


async def test_a_bad_template_id_is_refused(sent: AsyncSent) -> None:
    with pytest.raises(BadRequestError) as refusal:
        await sent.templates.retrieve("tmpl_123")
    assert "Invalid template ID format." in str(refusal.value)


async def test_an_unknown_template_is_not_found(sent: AsyncSent) -> None:
    with pytest.raises(NotFoundError) as refusal:
        await sent.templates.retrieve(UNKNOWN_ID)
    assert "RESOURCE_002" in str(refusal.value)


async def test_a_number_is_looked_up(sent: AsyncSent) -> None:
    data = (await sent.numbers.lookup("+12025551234")).data
    assert data is not None
    assert (data.phone_number, data.country_code) == ("+12025551234", "US")
    assert (data.line_type, data.is_valid, data.is_voip) == ("mobile", True, False)
    assert data.carrier_name


async def test_a_number_outside_the_united_states_has_no_made_up_carrier(sent: AsyncSent) -> None:
    data = (await sent.numbers.lookup("+442079460200")).data
    assert data is not None
    assert (data.line_type, data.carrier_name, data.country_code) == ("landline", None, "GB")


async def test_the_plus_of_a_lookup_may_be_escaped(http: httpx.AsyncClient) -> None:
    response = await http.get("/v3/numbers/lookup/%2B12025551234")
    assert response.json()["data"]["phone_number"] == "+12025551234"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("+1234567890", 404, "RESOURCE_013"),
        ("abc", 404, "RESOURCE_013"),
        ("", 400, "VALIDATION_001"),
        ("%20", 400, "VALIDATION_001"),
    ],
)
async def test_a_lookup_refuses(
    http: httpx.AsyncClient, number: str, status: int, code: str
) -> None:
    response = await http.get(f"/v3/numbers/lookup/{number}")
    assert (response.status_code, code_of(response)) == (status, code)


async def test_a_summary_counts_by_channel(sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550101")
    summary = (await sent.contacts.retrieve_message_summary(contact_id)).data
    assert summary is not None
    assert summary.channel_scores is not None
    assert (summary.message_count, summary.channels_used) == (2, ["sms"])
    (score,) = summary.channel_scores
    assert (score.success_score, score.fail_score) == (50, 50)
    assert summary.first_message_at is not None
    assert summary.last_message_at is not None
    assert summary.first_message_at < summary.last_message_at


async def test_a_summary_of_nothing_is_empty(sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550149")
    summary = (await sent.contacts.retrieve_message_summary(contact_id)).data
    assert summary is not None
    assert (summary.message_count, summary.channels_used) == (0, [])
    assert summary.first_message_at is None


async def test_conversations_are_newest_first(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    await sent_message(http, SMS_ONLY, template=ORDER)
    await advance(1)
    newest = await sent_message(http, SMS_ONLY, text="Hello")
    messages = [item async for item in sent.conversations.list(page_size=5)]
    assert messages[0].id == newest["id"]
    assert len(messages) == 12


async def test_a_conversation_is_that_of_one_contact(sent: AsyncSent) -> None:
    contact_id = await id_of(sent, "+14155550100")
    data = (await sent.conversations.list_messages(contact_id)).data
    assert data is not None
    assert [item.direction for item in data.messages or []] == [
        "outbound",
        "inbound",
        "outbound",
    ]
    inbound = (data.messages or [])[1]
    assert (inbound.status, inbound.events, inbound.price) == ("RECEIVED", [], None)


async def test_a_conversation_of_nobody_is_not_found(sent: AsyncSent) -> None:
    with pytest.raises(NotFoundError):
        await sent.conversations.list_messages(UNKNOWN_ID)


async def test_me_is_an_organization_with_its_profiles(sent: AsyncSent) -> None:
    me = (await sent.me.retrieve()).data
    assert me is not None
    assert me.channels is not None
    assert me.channels.sms is not None
    assert (me.type, me.name) == ("organization", "Acme")
    assert len(me.profiles or []) == 2
    assert me.channels.sms.phone_number == me.sending_phone_number == "+14155550199"


async def test_a_profile_sees_only_its_own_contacts(
    http: httpx.AsyncClient, sent: AsyncSent
) -> None:
    me = (await sent.me.retrieve()).data
    assert me is not None
    profile_id = str((me.profiles or [])[0].id)
    scoped = {"x-profile-id": profile_id}
    profile = (await sent.me.retrieve(x_profile_id=profile_id)).data
    assert profile is not None
    assert (profile.type, profile.id) == ("profile", profile_id)
    created = await http.post("/v3/contacts", json={"phone_number": "+14155550100"}, headers=scoped)
    assert created.status_code == 201
    assert created.headers["X-Profile-Id"] == profile_id
    listed = await http.get("/v3/contacts", headers=scoped)
    assert listed.json()["data"]["pagination"]["total_count"] == 1
    contact_id = created.json()["data"]["id"]
    assert (await http.get(f"/v3/contacts/{contact_id}")).status_code == 404

"""Messages that were sent: how they progress by the clock, wait for their time, and are read."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sent_dm import AsyncSent, BadRequestError, NotFoundError

from tests.emulator.asking import ORDER, SMS_ONLY, UNKNOWN_ID, code_of, id_of, read, sent_message
from tests.emulator.conftest import Advance


async def test_a_message_is_followed_to_its_end(sent: AsyncSent, advance: Advance) -> None:
    data = (await sent.messages.send(to=[SMS_ONLY], channel=["sms"], text="Hello")).data
    assert data is not None
    assert data.recipients is not None
    message_id = data.recipients[0].message_id
    statuses: list[str | None] = []
    for seconds in (0, 1, 1, 3, 3600):
        await advance(seconds)
        statuses.append((await read(sent, message_id)).status)
    assert statuses == ["QUEUED", "ROUTED", "SENT", "DELIVERED", "DELIVERED"]
    message = await read(sent, message_id)
    assert [event.status for event in message.events or []] == statuses[:4]
    assert message.price == pytest.approx(0.0055)
    assert message.direction == "outbound"


async def test_a_message_is_delivered_within_ten_seconds(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    message = await sent_message(http, channel=["whatsapp"], template=ORDER)
    await advance(10)
    assert (await read(sent, str(message["id"]))).status == "DELIVERED"
    await advance(60)
    assert (await read(sent, str(message["id"]))).status == "READ"


async def test_activities_are_newest_first_with_prices_as_text(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    message = await sent_message(http, SMS_ONLY, text="Hello")
    await advance(10)
    data = (await sent.messages.retrieve_activities(str(message["id"]))).data
    assert data is not None
    activities = data.activities or []
    assert [item.status for item in activities] == ["DELIVERED", "SENT", "ROUTED", "QUEUED"]
    assert [item.price for item in activities] == ["0.0055", "0.0055", "0.0055", None]
    assert activities[0].from_ == "+14155550199"
    assert activities[-1].from_ is None


async def test_a_bad_message_id_is_refused(sent: AsyncSent) -> None:
    with pytest.raises(BadRequestError) as refusal:
        await sent.messages.retrieve_status("msg_1")
    assert "Invalid message ID format." in str(refusal.value)


async def test_an_unknown_message_is_not_found(sent: AsyncSent) -> None:
    with pytest.raises(NotFoundError) as refusal:
        await sent.messages.retrieve_activities(UNKNOWN_ID)
    assert "RESOURCE_003" in str(refusal.value)


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


async def test_a_scheduled_message_is_held_until_it_is_due(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    data = (
        await http.post(
            "/v3/messages",
            json={"to": [SMS_ONLY], "text": "Later", "scheduled_at": in_an_hour()},
        )
    ).json()["data"]
    assert data["status"] == "QUEUED"
    message_id = data["recipients"][0]["message_id"]
    held = (await http.get(f"/v3/messages/{message_id}")).json()["data"]
    assert (held["status"], held["scheduled_at"]) == ("SCHEDULED", data["scheduled_at"])
    assert held["channel"] is held["price"] is None
    activities = (await sent.messages.retrieve_activities(message_id)).data
    assert activities is not None
    assert activities.activities is not None
    assert activities.activities[0].scheduled_at is not None
    await advance(3610)
    assert (await read(sent, message_id)).status == "DELIVERED"


async def test_consent_counts_at_release_not_at_acceptance(
    http: httpx.AsyncClient, sent: AsyncSent, advance: Advance
) -> None:
    message = await sent_message(http, SMS_ONLY, text="Later", scheduled_at=in_an_hour())
    await sent.contacts.update(await id_of(sent, SMS_ONLY), opt_out=True)
    await advance(3610)
    assert (await read(sent, str(message["id"]))).status == "FILTERED"


async def test_a_held_message_can_be_cancelled_once(
    http: httpx.AsyncClient, advance: Advance
) -> None:
    message = await sent_message(http, SMS_ONLY, text="Later", scheduled_at=in_an_hour())
    path = f"/v3/messages/{message['id']}/cancel"
    simulated = await http.post(path, json={"sandbox": True})
    assert simulated.json()["data"]["status"] == "SCHEDULED"
    assert (await http.post(path)).json()["data"]["status"] == "CANCELLED"
    again = await http.post(path)
    assert (again.status_code, code_of(again)) == (422, "BUSINESS_006")
    await advance(7200)
    later = (await http.get(f"/v3/messages/{message['id']}")).json()["data"]
    assert (later["status"], "scheduled_at" in later) == ("CANCELLED", True)


async def test_messages_outlive_their_contact(http: httpx.AsyncClient, sent: AsyncSent) -> None:
    message = await sent_message(http, SMS_ONLY, text="Hello")
    await http.delete(f"/v3/contacts/{message['contact_id']}")
    assert (await read(sent, str(message["id"]))).phone == SMS_ONLY

"""Messages, templates, look-ups and the account through SentClient."""

import re

import pytest
from pydantic import JsonValue

from sent_mcp.client import new_idempotency_key
from sent_mcp.errors import NotFoundError, OutcomeUnknownError, RefusedError
from tests.client.wire import PAGINATION, Wire, failed, ok

RECEIPT: JsonValue = {
    "status": "QUEUED",
    "template_id": None,
    "template_name": "order_confirmation",
    "recipients": [
        {"message_id": "m1", "to": "+14155551234", "channel": None, "body": None},
        {"message_id": "m2", "to": "+14155555678", "channel": "sms", "body": "Hi"},
    ],
    "scheduled_at": "2026-11-21T10:00:00Z",
}
MESSAGE: JsonValue = {
    "id": "m1",
    "phone": "+14155551234",
    "channel": "sms",
    "message_body": {"content": "Welcome", "headerMedia": None, "buttons": None},
    "status": "DELIVERED",
    "created_at": "2026-03-25T08:43:34.6836283+00:00",
    "price": 0.0055,
    "active_contact_price": 1,
    "events": [
        {"status": "QUEUED", "timestamp": "2026-03-25T08:43:34.6840171+00:00", "description": "x"}
    ],
}
TEMPLATE: JsonValue = {
    "id": "t1",
    "name": "Welcome Message",
    "status": "APPROVED",
    "channels": ["sms"],
    "variables": None,
}
DRY = {"x-sandbox": "true"}


async def test_a_text_goes_out_with_nothing_but_what_was_given() -> None:
    """No null, no empty list."""
    wire = Wire(ok(RECEIPT, status=202))
    client = wire.client()
    answer = await client.messages.send(
        to=["+14155551234", "+14155555678"], text="Hi", channels=[], idempotency_key="k"
    )
    await client.aclose()
    assert wire.body() == {"to": ["+14155551234", "+14155555678"], "text": "Hi"}
    assert [recipient.message_id for recipient in answer.data.recipients] == ["m1", "m2"]
    assert answer.data.recipients[0].channel is None


async def test_a_template_goes_out_with_the_names_of_the_wire() -> None:
    """`channel` is the list, `template` holds id, name and parameters (API §3.7)."""
    wire = Wire(ok(RECEIPT, status=202, headers=DRY))
    client = wire.client()
    await client.messages.send(
        to=["+14155551234"],
        template_id="t1",
        template_name="welcome",
        parameters={"name": "Jo"},
        channels=["sms", "whatsapp"],
        scheduled_at="2026-11-21T10:00:00+01:00",
        media_urls=["https://x.test/a.png"],
        subject="Hello",
        sandbox=True,
        idempotency_key="k",
    )
    await client.aclose()
    assert wire.body() == {
        "to": ["+14155551234"],
        "template": {"id": "t1", "name": "welcome", "parameters": {"name": "Jo"}},
        "channel": ["sms", "whatsapp"],
        "scheduled_at": "2026-11-21T10:00:00+01:00",
        "media_urls": ["https://x.test/a.png"],
        "subject": "Hello",
        "sandbox": True,
    }


async def test_a_send_costs_the_budget_one_unit_per_message() -> None:
    """Recipients times channels, at most the whole budget; a dry run costs none."""
    real = [ok(RECEIPT, status=202)] * 3
    wire = Wire(ok(RECEIPT, status=202, headers=DRY), *real)
    client = wire.client()
    numbers = [f"+1415555{index:04}" for index in range(29)]
    await client.messages.send(to=numbers, text="Hi", sandbox=True, idempotency_key="a")
    await client.messages.send(
        to=numbers, text="Hi", channels=["sms", "whatsapp"], idempotency_key="b"
    )
    await client.messages.send(to=numbers[:2], text="Hi", idempotency_key="c")
    with pytest.raises(RefusedError, match="60 messages per minute"):
        await client.messages.send(to=numbers[:1], text="Hi", idempotency_key="d")
    await client.aclose()
    assert len(wire.requests) == 3


async def test_a_rehearsal_keeps_to_the_budget_of_messages() -> None:
    """Where the operator lets nothing be real, what goes out is paced as if it were."""
    wire = Wire(*[ok(RECEIPT, status=202, headers=DRY)] * 2)
    client = wire.client()
    numbers = [f"+1415555{index:04}" for index in range(60)]

    async def send(key: str, *, rehearsal: bool) -> None:
        await client.messages.send(
            to=numbers, text="Hi", sandbox=True, rehearsal=rehearsal, idempotency_key=key
        )

    await send("a", rehearsal=True)
    with pytest.raises(RefusedError, match="60 messages per minute"):
        await send("b", rehearsal=True)
    await send("c", rehearsal=False)
    await client.aclose()
    assert len(wire.requests) == 2


async def test_a_dry_run_that_the_answer_does_not_confirm_may_have_been_real() -> None:
    wire = Wire(ok(RECEIPT, status=202))
    client = wire.client()
    with pytest.raises(OutcomeUnknownError, match="X-Sandbox"):
        await client.messages.send(
            to=["+14155551234"], text="Hi", sandbox=True, idempotency_key="k"
        )
    await client.aclose()


async def test_a_send_larger_than_the_budget_takes_all_of_it() -> None:
    """Otherwise it could never go out."""
    wire = Wire(ok(RECEIPT, status=202))
    client = wire.client()
    await client.messages.send(to=["+14155551234"] * 1000, text="Hi", idempotency_key="a")
    await client.aclose()
    assert len(wire.requests) == 1


async def test_a_message_tells_its_story() -> None:
    """Prices are numbers here (API §3.8)."""
    wire = Wire(ok(MESSAGE))
    client = wire.client()
    message = (await client.messages.get("m1")).data
    await client.aclose()
    assert wire.calls == ["GET /v3/messages/m1"]
    assert (message.status, message.price, message.active_contact_price) == ("DELIVERED", 0.0055, 1)
    assert message.events[0].timestamp is not None
    assert message.message_body is not None
    assert message.message_body.content == "Welcome"


async def test_templates_are_listed_and_read() -> None:
    """With the filters of API §3.11."""
    wire = Wire(ok({"templates": [TEMPLATE], "pagination": PAGINATION}), ok(TEMPLATE))
    client = wire.client()
    listed = await client.templates.list(search="wel", status="APPROVED", category="UTILITY")
    one = await client.templates.get("t1")
    await client.aclose()
    assert listed.data.templates == (one.data,)
    assert one.data.variables == ()
    assert dict(wire.requests[0].url.params) == {
        "page": "1",
        "page_size": "20",
        "search": "wel",
        "status": "APPROVED",
        "category": "UTILITY",
    }


async def test_a_lookup_tells_the_line_and_a_404_its_code() -> None:
    """The number is one path segment."""
    data: JsonValue = {"phone_number": "+12025551234", "line_type": "mobile", "country_code": "US"}
    wire = Wire(ok(data), failed(404, "RESOURCE_013"))
    client = wire.client()
    assert (await client.numbers.lookup("+12025551234")).data.line_type == "mobile"
    with pytest.raises(NotFoundError, match="RESOURCE_013"):
        await client.numbers.lookup("+12025551234")
    await client.aclose()
    assert wire.requests[0].url.raw_path == b"/v3/numbers/lookup/%2B12025551234"


async def test_the_account_behind_the_key() -> None:
    """API §3.14."""
    channels: JsonValue = {"sms": {"configured": True, "phone_number": "+14155550100"}, "rcs": None}
    data: JsonValue = {
        "type": "user",
        "id": "a",
        "name": "Acme",
        "channels": channels,
        "profiles": [],
    }
    wire = Wire(ok(data))
    client = wire.client()
    account = (await client.account.get()).data
    await client.aclose()
    assert (account.type, account.name) == ("user", "Acme")
    assert account.channels is not None
    assert account.channels.sms is not None
    assert account.channels.sms.configured


def test_idempotency_keys_are_fresh_and_of_the_allowed_form() -> None:
    """`^[a-zA-Z0-9_-]{1,255}$` (API §7.1)."""
    keys = {new_idempotency_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,255}", key) for key in keys)

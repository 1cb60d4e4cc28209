"""Messages: send, get, activities, cancel (API §3.7 to §3.10)."""

import json
from typing import cast
from uuid import uuid4

from sent_mcp.emulator.account import SENDER
from sent_mcp.emulator.authentication import is_uuid
from sent_mcp.emulator.call import Call
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.contacts import ContactRow, ensure_contact
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.decision import Release, SendRequest, decide
from sent_mcp.emulator.delivery import (
    CONTACT_PRICE,
    PRICES,
    Event,
    MessageRow,
    events_of,
    status_of,
)
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.pagination import Page, pagination
from sent_mcp.emulator.phones import Phone
from sent_mcp.emulator.sending import AUTO, Send, read_send
from sent_mcp.emulator.templates import find_template, render

CONTACT = "SELECT * FROM contacts WHERE id = :id"
BY_ID = "SELECT * FROM messages WHERE id = :id AND customer_id = :customer_id"
DUE = "SELECT * FROM messages WHERE release_at <= :now"
INSERT = """
INSERT INTO messages
VALUES (:id, :customer_id, :contact_id, :template_id, :requested_channel, :channel, :direction,
        :request, :message_body, :created_at, :scheduled_at, :cancelled_at, :release_at, :outcome,
        :reason_code, :reason)
"""
DECIDED = """
UPDATE messages SET channel = :channel, outcome = :outcome, reason_code = :reason_code,
    reason = :reason, release_at = NULL
WHERE id = :id
"""
CANCEL = "UPDATE messages SET cancelled_at = :now, release_at = NULL WHERE id = :id"


def send_message(call: Call) -> Answer:
    """POST /v3/messages: 202 and one message per recipient and channel."""
    send = read_send(call)
    recipients: list[dict[str, object]] = []
    for phone in send.recipients:
        contact_id = None if call.sandbox else ensure_contact(call, phone)["id"]
        for channel in send.channels:
            message_id = str(uuid4())
            if contact_id is not None:
                _store(call, send, message_id, contact_id, channel)
            recipients.append(_recipient(send, phone, message_id, channel))
    if not call.sandbox:
        release_due(call.database, call.timestamp)
    data: dict[str, object] = {
        "status": "QUEUED",
        "template_id": send.template["id"] if send.template else None,
        "template_name": send.template_name,
        "recipients": recipients,
    }
    if send.scheduled_at is not None:
        data["scheduled_at"] = wire(send.scheduled_at)
    return Answer(data, 202)


def _recipient(send: Send, phone: Phone, message_id: str, channel: str) -> dict[str, object]:
    # Of an auto-detected message neither channel nor text is known yet (API §15 row 13).
    auto = channel == AUTO
    return {
        "message_id": message_id,
        "to": phone.format_e164,
        "channel": None if auto else channel,
        "body": None if auto else _content(send),
    }


def _content(send: Send) -> str | None:
    return render(send.template, send.parameters) if send.template else send.text


def _store(call: Call, send: Send, message_id: str, contact_id: str, channel: str) -> None:
    request = SendRequest(
        parameters=send.parameters, senders=send.senders, media_urls=send.media_urls
    )
    scheduled_at = wire(send.scheduled_at) if send.scheduled_at else None
    row = MessageRow(
        id=message_id,
        customer_id=call.customer_id,
        contact_id=contact_id,
        template_id=send.template["id"] if send.template else None,
        requested_channel=channel,
        channel=None,
        direction="outbound",
        request=json.dumps(request),
        message_body=json.dumps(_message_body(send)),
        created_at=call.timestamp,
        scheduled_at=scheduled_at,
        cancelled_at=None,
        release_at=scheduled_at or call.timestamp,
        outcome=None,
        reason_code=None,
        reason=None,
    )
    call.database.run(INSERT, row)


def _message_body(send: Send) -> dict[str, object]:
    image = send.parameters.get("header_image")
    body = message_body(_content(send))
    body["headerMedia"] = {"type": "image", "url": image} if image else None
    body["subject"] = send.subject
    body["media"] = [_media(url) for url in send.media_urls] or None
    return body


def _media(url: str) -> dict[str, object]:
    unknown = dict.fromkeys(("mediaType", "mimeType", "sizeBytes", "sourceHashSha256"))
    return {**unknown, "url": url}


def message_body(content: str | None) -> dict[str, object]:
    """A `message_body` with text only; its keys are camelCase and nulls are written (API §3.8)."""
    names = ("header", "headerMedia", "content", "footer", "buttons", "subject", "media")
    return {**dict.fromkeys(names), "content": content}


def release_due(database: Database, now: str) -> None:
    """Decides about every message whose time has come."""
    for row in cast("list[MessageRow]", database.all(DUE, {"now": now})):
        release = Release(
            database=database,
            contact=contact_of(database, row),
            template=find_template(database, row["template_id"]),
            requested_channel=row["requested_channel"],
            request=json.loads(row["request"]),
            now=now,
        )
        decision = decide(release)
        values = {
            "id": row["id"],
            "channel": decision.channel,
            "outcome": decision.outcome,
            "reason_code": decision.reason_code,
            "reason": decision.reason,
        }
        database.run(DECIDED, values)


def contact_of(database: Database, row: MessageRow) -> ContactRow:
    """The contact a message belongs to, deleted or not."""
    return cast("ContactRow", database.one(CONTACT, {"id": row["contact_id"]}))


def get_message(call: Call) -> Answer:
    """GET /v3/messages/{id}."""
    return Answer(payload(call, _message_in_path(call)))


def get_activities(call: Call) -> Answer:
    """GET /v3/messages/{id}/activities, newest first; prices are strings here (API §3.9)."""
    row = _message_in_path(call)
    events = events_of(row, call.now)
    activities = [_activity(row, event) for event in reversed(events)]
    data = {
        "message_id": row["id"],
        "activities": activities,
        "pagination": pagination(Page(1, max(20, len(activities))), len(activities)),
    }
    return Answer(data)


def cancel_message(call: Call) -> Answer:
    """POST /v3/messages/{id}/cancel: only while it is held (API §3.10)."""
    row = _message_in_path(call)
    if status_of(row, call.now) != "SCHEDULED":
        raise Refusal(422, "BUSINESS_006", "Message cannot be modified in current state")
    if not call.sandbox:
        call.database.run(CANCEL, {"id": row["id"], "now": call.timestamp})
    return Answer(payload(call, _message_in_path(call)))


def _message_in_path(call: Call) -> MessageRow:
    if not is_uuid(call.path["id"]):
        raise Refusal(400, "VALIDATION_001", "Invalid message ID format.")
    values = {"id": call.path["id"].lower(), "customer_id": call.customer_id}
    row = call.database.one(BY_ID, values)
    if row is None:
        raise Refusal(404, "RESOURCE_003", "Message not found")
    return cast("MessageRow", row)


def payload(call: Call, row: MessageRow) -> dict[str, object]:
    """A message as it is on the wire; some keys exist only in some states (API §3.8)."""
    contact = contact_of(call.database, row)
    template = find_template(call.database, row["template_id"])
    priced = row["direction"] == "outbound" and _is_priced(row)
    message: dict[str, object] = {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "contact_id": row["contact_id"],
        "phone": contact["format_e164"],
        "phone_international": contact["format_international"],
        "region_code": contact["region_code"],
        "template_id": row["template_id"],
        "template_name": template["name"] if template else None,
        "template_category": template["category"] if template else None,
        "channel": row["channel"],
        "direction": row["direction"],
        "message_body": json.loads(row["message_body"]),
        "status": status_of(row, call.now),
        "created_at": row["created_at"],
        "price": PRICES[row["channel"] or ""] if priced else None,
        "active_contact_price": CONTACT_PRICE if priced else None,
        "events": [_wire_event(row, event) for event in events_of(row, call.now)],
    }
    if row["scheduled_at"]:
        message["scheduled_at"] = row["scheduled_at"]
    return message | _reason(row, str(message["status"]))


def _is_priced(row: MessageRow) -> bool:
    return row["channel"] is not None and row["outcome"] is None


def _reason(row: MessageRow, status: str) -> dict[str, object]:
    if status != row["outcome"]:
        return {}
    return {"reason_code": row["reason_code"], "reason": row["reason"]}


def _wire_event(row: MessageRow, event: Event) -> dict[str, object]:
    shown = {
        "status": event.status,
        "timestamp": event.timestamp,
        "description": event.description,
    }
    return shown | _reason(row, event.status)


def _activity(row: MessageRow, event: Event) -> dict[str, object]:
    priced = _is_priced(row) and event.status not in ("QUEUED", "SCHEDULED")
    sent = event.status in ("SENT", "DELIVERED", "READ")
    activity = _wire_event(row, event) | {
        "from": SENDER if sent else None,
        "price": f"{PRICES[row['channel'] or '']:.4f}" if priced else None,
        "active_contact_price": f"{CONTACT_PRICE:.4f}" if priced else None,
    }
    if event.status in ("SCHEDULED", "CANCELLED"):
        activity["scheduled_at"] = row["scheduled_at"]
    return activity

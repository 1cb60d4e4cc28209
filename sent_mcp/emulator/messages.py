"""Messages: send, get, activities, cancel (API §3.7 to §3.10)."""

import json
from typing import cast
from uuid import uuid4

from sent_mcp.emulator.authentication import is_uuid
from sent_mcp.emulator.call import Call
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.contact_records import ensure_contact
from sent_mcp.emulator.decision import SendRequest
from sent_mcp.emulator.delivery import MessageRow, events_of, status_of
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.message_records import (
    INSERT,
    activity,
    message_body,
    payload,
    release_due,
)
from sent_mcp.emulator.pagination import Page, pagination
from sent_mcp.emulator.phones import Phone
from sent_mcp.emulator.sending import AUTO, Send, read_send
from sent_mcp.emulator.templates import render

BY_ID = "SELECT * FROM messages WHERE id = :id AND customer_id = :customer_id"
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


def get_message(call: Call) -> Answer:
    """GET /v3/messages/{id}."""
    return Answer(payload(call, _message_in_path(call)))


def get_activities(call: Call) -> Answer:
    """GET /v3/messages/{id}/activities, newest first; prices are strings here (API §3.9)."""
    row = _message_in_path(call)
    events = events_of(row, call.now)
    activities = [activity(row, event) for event in reversed(events)]
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

"""Message rows: how they are stored, decided when due, and written on the wire (API §3.8, §3.9)."""

import json
from typing import cast

from sent_mcp.emulator.account import SENDER
from sent_mcp.emulator.call import Call
from sent_mcp.emulator.contact_records import ContactRow
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.decision import Release, decide
from sent_mcp.emulator.delivery import (
    CONTACT_PRICE,
    PRICES,
    Event,
    MessageRow,
    events_of,
    status_of,
)
from sent_mcp.emulator.templates import find_template

CONTACT = "SELECT * FROM contacts WHERE id = :id"
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


def activity(row: MessageRow, event: Event) -> dict[str, object]:
    """One entry of the activity log; its prices are strings (API §3.9)."""
    priced = _is_priced(row) and event.status not in ("QUEUED", "SCHEDULED")
    sent = event.status in ("SENT", "DELIVERED", "READ")
    entry = _wire_event(row, event) | {
        "from": SENDER if sent else None,
        "price": f"{PRICES[row['channel'] or '']:.4f}" if priced else None,
        "active_contact_price": f"{CONTACT_PRICE:.4f}" if priced else None,
    }
    if event.status in ("SCHEDULED", "CANCELLED"):
        entry["scheduled_at"] = row["scheduled_at"]
    return entry

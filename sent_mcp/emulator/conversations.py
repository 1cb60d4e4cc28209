"""Conversations: one per contact, across all channels (API §3.6, §3.13)."""

from collections import Counter
from typing import cast

from sent_mcp.emulator.call import Call
from sent_mcp.emulator.contacts import contact_in_path
from sent_mcp.emulator.database import Row
from sent_mcp.emulator.delivery import MessageRow, status_of
from sent_mcp.emulator.envelope import Answer
from sent_mcp.emulator.message_records import payload
from sent_mcp.emulator.pagination import Page, pagination, read_page

SUCCESS = frozenset({"SENT", "DELIVERED", "READ", "RECEIVED"})

LIST = """
SELECT * FROM messages WHERE customer_id = :customer_id
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT = "SELECT count(*) AS total FROM messages WHERE customer_id = :customer_id"
OF_CONTACT = """
SELECT * FROM messages WHERE contact_id = :contact_id
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT_OF_CONTACT = "SELECT count(*) AS total FROM messages WHERE contact_id = :contact_id"


def list_conversations(call: Call) -> Answer:
    """GET /v3/conversations: the messages of all conversations, newest first."""
    page = read_page(call.query)
    values = {"customer_id": call.customer_id}
    rows = call.database.all(LIST, values | _limits(page))
    return _listed(call, rows, page, call.database.count(COUNT, values))


def get_conversation(call: Call) -> Answer:
    """GET /v3/conversations/{id}, where the id is the contact's (API §16.13)."""
    page = read_page(call.query)
    values = {"contact_id": contact_in_path(call)["id"]}
    rows = call.database.all(OF_CONTACT, values | _limits(page))
    return _listed(call, rows, page, call.database.count(COUNT_OF_CONTACT, values))


def message_summary(call: Call) -> Answer:
    """GET /v3/contacts/{id}/message-summary: counts, and whole percentages per channel."""
    contact_id = contact_in_path(call)["id"]
    values = {"contact_id": contact_id, "limit": -1, "offset": 0}
    rows = cast("list[MessageRow]", call.database.all(OF_CONTACT, values))
    channels = sorted({row["channel"] for row in rows if row["channel"]})
    summary = {
        "contact_id": contact_id,
        "message_count": len(rows),
        "first_message_at": rows[-1]["created_at"] if rows else None,
        "last_message_at": rows[0]["created_at"] if rows else None,
        "channels_used": channels,
        "channel_scores": [_score(call, rows, channel) for channel in channels],
    }
    return Answer(summary)


def _score(call: Call, rows: list[MessageRow], channel: str) -> dict[str, object]:
    statuses = Counter(status_of(row, call.now) for row in rows if row["channel"] == channel)
    succeeded = sum(count for status, count in statuses.items() if status in SUCCESS)
    return {
        "channel": channel,
        "success_score": round(100 * succeeded / statuses.total()),
        "fail_score": round(100 * statuses["FAILED"] / statuses.total()),
    }


def _limits(page: Page) -> dict[str, int]:
    return {"limit": page.page_size, "offset": page.offset}


def _listed(call: Call, rows: list[Row], page: Page, total: int) -> Answer:
    messages = [payload(call, cast("MessageRow", row)) for row in rows]
    return Answer({"messages": messages, "pagination": pagination(page, total)})

"""Contact rows: how they are found, made, restored and written on the wire (API §2, §3.1)."""

from datetime import timedelta
from typing import TypedDict, cast
from uuid import uuid4

from sent_mcp.emulator.call import Call
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.phones import Phone

# Creation answers `sms`; what else a number has shows later (API §9, §16.8).
_LOOK_UP = timedelta(seconds=2)

# Without a filter the index alone finds the page and counts: 200,000 contacts take milliseconds.
LIST_ALL = """
SELECT * FROM contacts WHERE customer_id = :customer_id AND deleted_at IS NULL
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT_ALL = """
SELECT count(*) AS total FROM contacts WHERE customer_id = :customer_id AND deleted_at IS NULL
"""
BY_NUMBER = "SELECT * FROM contacts WHERE customer_id = :customer_id AND format_e164 = :format_e164"
INSERT = """
INSERT INTO contacts
    (id, customer_id, phone_number, format_e164, format_international, format_national, format_rfc,
     country_code, region_code, available_channels, default_channel, opt_out, created_at,
     updated_at, channels_due_at)
VALUES
    (:id, :customer_id, :phone_number, :format_e164, :format_international, :format_national,
     :format_rfc, :country_code, :region_code, :available_channels, :default_channel, :opt_out,
     :created_at, :updated_at, :channels_due_at)
"""
RESTORE = """
UPDATE contacts SET
    phone_number = :phone_number, available_channels = :available_channels,
    default_channel = :default_channel, created_at = :created_at, updated_at = NULL,
    channels_due_at = :channels_due_at, deleted_at = NULL
WHERE id = :id
"""
REFRESH = """
UPDATE contacts SET available_channels = channels_of(format_e164), channels_due_at = NULL
WHERE channels_due_at <= :now
"""


class ContactRow(TypedDict):
    """A row of `contacts`; what is on the wire has its wire name."""

    id: str
    customer_id: str
    phone_number: str
    format_e164: str
    format_international: str
    format_national: str
    format_rfc: str
    country_code: str
    region_code: str | None
    available_channels: str
    default_channel: str
    opt_out: bool
    created_at: str
    updated_at: str | None
    channels_due_at: str | None
    deleted_at: str | None


def refresh_channels(database: Database, now: str) -> None:
    """Ends every look-up of channels that is due."""
    database.run(REFRESH, {"now": now})


def ensure_contact(call: Call, phone: Phone) -> ContactRow:
    """The contact with this number, created, or restored when it was deleted (API §3.1, §3.5).

    A restored contact keeps its id and its opt-out: consent must survive (API §16.9).
    """
    existing = find_contact(call.database, call.customer_id, phone)
    if existing is not None and existing["deleted_at"] is None:
        return existing
    row = new_contact(call, phone)
    if existing is None:
        call.database.run(INSERT, row)
        return row
    row["id"], row["opt_out"] = existing["id"], existing["opt_out"]
    call.database.run(RESTORE, row)
    return row


def find_contact(database: Database, customer_id: str, phone: Phone) -> ContactRow | None:
    """The row with this number, deleted ones included."""
    values = {"customer_id": customer_id, "format_e164": phone.format_e164}
    return cast("ContactRow | None", database.one(BY_NUMBER, values))


def new_contact(call: Call, phone: Phone) -> ContactRow:
    """A contact as it is at creation: reachable by SMS, further channels being looked up."""
    return ContactRow(
        **vars(phone),
        id=str(uuid4()),
        customer_id=call.customer_id,
        available_channels="sms",
        default_channel="sms",
        opt_out=False,
        created_at=call.timestamp,
        updated_at=None,
        channels_due_at=wire(call.now + _LOOK_UP),
        deleted_at=None,
    )


def payload(row: ContactRow) -> dict[str, object]:
    """A contact as it is on the wire."""
    hidden = ("channels_due_at", "deleted_at")
    visible = {name: value for name, value in row.items() if name not in hidden}
    return visible | {"opt_out": bool(row["opt_out"]), "is_inherited": False}

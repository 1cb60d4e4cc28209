"""Contacts: list, find, create, read, update, delete (API §2, §3.1 to §3.6)."""

from datetime import timedelta
from typing import TypedDict, cast
from uuid import uuid4

from sent_mcp.emulator.authentication import is_uuid
from sent_mcp.emulator.call import Call, flag, text
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.database import Database, Row
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.pagination import Page, pagination, read_page
from sent_mcp.emulator.phones import Phone, plus_restored, read_phone

CHANNELS = ("sms", "whatsapp")
# Creation answers `sms`; what else a number has shows later (API §9, §16.8).
_LOOK_UP = timedelta(seconds=2)

LIST = """
SELECT * FROM contacts
WHERE customer_id = :customer_id AND deleted_at IS NULL
  AND (:search = '' OR instr(format_e164, :search) OR instr(phone_number, :search))
  AND (:channel = '' OR instr(',' || available_channels || ',', ',' || :channel || ','))
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT = """
SELECT count(*) AS total FROM contacts
WHERE customer_id = :customer_id AND deleted_at IS NULL
  AND (:search = '' OR instr(format_e164, :search) OR instr(phone_number, :search))
  AND (:channel = '' OR instr(',' || available_channels || ',', ',' || :channel || ','))
"""
# Without a filter the index alone finds the page and counts: 200,000 contacts take milliseconds.
LIST_ALL = """
SELECT * FROM contacts WHERE customer_id = :customer_id AND deleted_at IS NULL
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT_ALL = """
SELECT count(*) AS total FROM contacts WHERE customer_id = :customer_id AND deleted_at IS NULL
"""
BY_ID = """
SELECT * FROM contacts WHERE id = :id AND customer_id = :customer_id AND deleted_at IS NULL
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
UPDATE = """
UPDATE contacts SET
    default_channel = coalesce(:default_channel, default_channel),
    opt_out = coalesce(:opt_out, opt_out), updated_at = :updated_at
WHERE id = :id
"""
DELETE = "UPDATE contacts SET deleted_at = :deleted_at WHERE id = :id"
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


def list_contacts(call: Call) -> Answer:
    """GET /v3/contacts: a page, or the one contact with `phone` (API §3.2)."""
    page = read_page(call.query)
    channel = call.query.get("channel", "")
    if channel not in ("", *CHANNELS):
        raise _unknown_channel("channel")
    if call.query.get("phone"):
        return _find(call, page)
    values = {
        "customer_id": call.customer_id,
        "search": search_term(call.query.get("search", "")),
        "channel": channel,
    }
    filtered = bool(values["search"] or channel)
    limits = {"limit": page.page_size, "offset": page.offset}
    rows = call.database.all(LIST if filtered else LIST_ALL, values | limits)
    return _listed(rows, page, call.database.count(COUNT if filtered else COUNT_ALL, values))


def search_term(search: str) -> str:
    """What to look for in a number: its digits, and the plus when the search begins with one.

    Without a digit nothing is left to find, and the text itself, which no number contains, is
    returned.
    """
    digits = "".join(character for character in search if character in "0123456789")
    if not digits:
        return search.strip()
    return f"+{digits}" if plus_restored(search).startswith("+") else digits


def _find(call: Call, page: Page) -> Answer:
    phone = read_phone(plus_restored(call.query["phone"]))
    if phone is None:
        raise Refusal(400, "VALIDATION_002", "Invalid phone number format")
    row = find_contact(call.database, call.customer_id, phone)
    if row is None or row["deleted_at"]:
        message = "Contact not found with the specified phone number"
        raise Refusal(404, "RESOURCE_001", message)
    return _listed([cast("Row", row)], Page(1, page.page_size), 1)


def _listed(rows: list[Row], page: Page, total: int) -> Answer:
    contacts = [payload(cast("ContactRow", row)) for row in rows]
    return Answer({"contacts": contacts, "pagination": pagination(page, total)})


def get_contact(call: Call) -> Answer:
    """GET /v3/contacts/{id} (API §3.3)."""
    return Answer(payload(contact_in_path(call)))


def create_contact(call: Call) -> Answer:
    """POST /v3/contacts: 201, or 409 for a number that is a contact already (API §3.1)."""
    written = text(call.body, "phone_number")
    if not written or not written.strip():
        raise Refusal(400, "VALIDATION_001", "Phone number is required")
    phone = read_phone(written, strict=call.strict_phones)
    if phone is None:
        raise Refusal(400, "VALIDATION_002", "Invalid phone number format")
    if call.sandbox:
        return Answer(payload(_new_row(call, phone)), 201)
    existing = find_contact(call.database, call.customer_id, phone)
    if existing is not None and existing["deleted_at"] is None:
        message = "Contact with this phone number already exists for this customer"
        raise Refusal(409, "RESOURCE_007", message)
    return Answer(payload(ensure_contact(call, phone)), 201)


def ensure_contact(call: Call, phone: Phone) -> ContactRow:
    """The contact with this number, created, or restored when it was deleted (API §3.1, §3.5).

    A restored contact keeps its id and its opt-out: consent must survive (API §16.9).
    """
    existing = find_contact(call.database, call.customer_id, phone)
    if existing is not None and existing["deleted_at"] is None:
        return existing
    row = _new_row(call, phone)
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


def _new_row(call: Call, phone: Phone) -> ContactRow:
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


def update_contact(call: Call) -> Answer:
    """PATCH /v3/contacts/{id}: null and unknown fields change nothing (API §3.4, §16.7)."""
    default_channel = text(call.body, "default_channel")
    opt_out = flag(call.body, "opt_out")
    contact_id = id_in_path(call)
    if default_channel not in (None, *CHANNELS):
        raise _unknown_channel("default_channel")
    if call.sandbox:
        return Answer(_sample(call, contact_id, default_channel, opt_out))
    row = contact_in_path(call)
    if default_channel and default_channel not in row["available_channels"].split(","):
        raise Refusal(422, "BUSINESS_007", "Channel not available for this contact")
    if default_channel is not None or opt_out is not None:
        values = {
            "id": row["id"],
            "default_channel": default_channel,
            "opt_out": opt_out,
            "updated_at": call.timestamp,
        }
        call.database.run(UPDATE, values)
    return Answer(payload(contact_in_path(call)))


def _sample(
    call: Call, contact_id: str, default_channel: str | None, opt_out: bool | None
) -> dict[str, object]:
    # Sandbox answers have the production shape with sample data (API §7.2).
    phone = read_phone("+14155550123")
    assert phone is not None
    row = _new_row(call, phone)
    row["id"] = contact_id
    row["available_channels"] = ",".join(CHANNELS)
    row["default_channel"] = default_channel or "sms"
    row["opt_out"] = bool(opt_out)
    row["updated_at"] = call.timestamp
    return payload(row)


def delete_contact(call: Call) -> Answer:
    """DELETE /v3/contacts/{id}: the messages stay, and so does the consent (API §3.5)."""
    if not is_uuid(call.path["id"]):
        raise Refusal(400, "VALIDATION_001", "Invalid contact ID format.")
    if not call.sandbox:
        row = contact_in_path(call)
        call.database.run(DELETE, {"id": row["id"], "deleted_at": call.timestamp})
    return Answer(status=204)


def contact_in_path(call: Call) -> ContactRow:
    """The contact whose id is in the path, or the refusal for it (API §3.3)."""
    values = {"id": id_in_path(call), "customer_id": call.customer_id}
    row = cast("ContactRow | None", call.database.one(BY_ID, values))
    if row is None:
        raise Refusal(404, "RESOURCE_001", "Contact not found")
    return row


def id_in_path(call: Call) -> str:
    """The contact id in the path, in lower case."""
    if not is_uuid(call.path["id"]):
        raise Refusal(400, "VALIDATION_003", "Invalid ID format.")
    return call.path["id"].lower()


def payload(row: ContactRow) -> dict[str, object]:
    """A contact as it is on the wire."""
    hidden = ("channels_due_at", "deleted_at")
    visible = {name: value for name, value in row.items() if name not in hidden}
    return visible | {"opt_out": bool(row["opt_out"]), "is_inherited": False}


def _unknown_channel(field: str) -> Refusal:
    details = {field: ["Must be one of: sms, whatsapp"]}
    return Refusal(400, "VALIDATION_006", "Invalid enum value", details)

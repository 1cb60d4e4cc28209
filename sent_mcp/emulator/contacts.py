"""Contacts: list, find, create, read, update, delete (API §2, §3.1 to §3.6)."""

from typing import cast

from sent_mcp.emulator.authentication import is_uuid
from sent_mcp.emulator.call import Call, flag, text
from sent_mcp.emulator.contact_records import (
    COUNT_ALL,
    LIST_ALL,
    ContactRow,
    ensure_contact,
    find_contact,
    new_contact,
    payload,
)
from sent_mcp.emulator.database import Row
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.pagination import Page, pagination, read_page
from sent_mcp.emulator.phones import plus_restored, read_phone

CHANNELS = ("sms", "whatsapp")

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
BY_ID = """
SELECT * FROM contacts WHERE id = :id AND customer_id = :customer_id AND deleted_at IS NULL
"""
UPDATE = """
UPDATE contacts SET
    default_channel = coalesce(:default_channel, default_channel),
    opt_out = coalesce(:opt_out, opt_out), updated_at = :updated_at
WHERE id = :id
"""
DELETE = "UPDATE contacts SET deleted_at = :deleted_at WHERE id = :id"


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
        return Answer(payload(new_contact(call, phone)), 201)
    existing = find_contact(call.database, call.customer_id, phone)
    if existing is not None and existing["deleted_at"] is None:
        message = "Contact with this phone number already exists for this customer"
        raise Refusal(409, "RESOURCE_007", message)
    return Answer(payload(ensure_contact(call, phone)), 201)


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
    row = new_contact(call, phone)
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


def _unknown_channel(field: str) -> Refusal:
    details = {field: ["Must be one of: sms, whatsapp"]}
    return Refusal(400, "VALIDATION_006", "Invalid enum value", details)

"""The reproducible address book: the same ids, numbers and times in every process."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid5

from sent_mcp.emulator.account import ACCOUNT_ID, NAMESPACE
from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.contact_records import INSERT as INSERT_CONTACT
from sent_mcp.emulator.contact_records import ContactRow
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.decision import SendRequest
from sent_mcp.emulator.delivery import MessageRow
from sent_mcp.emulator.message_records import INSERT as INSERT_MESSAGE
from sent_mcp.emulator.message_records import message_body
from sent_mcp.emulator.phones import Phone, channels_of, read_phone
from sent_mcp.emulator.templates import TemplateRow

_SEEDED: Final = 1
_CURATED_FROM: Final = datetime(2026, 6, 1, 8, 0, 12, 182552, tzinfo=UTC)
_TEMPLATES_FROM: Final = datetime(2026, 2, 9, 21, 50, 49, 856056, tzinfo=UTC)
_MESSAGES_FROM: Final = datetime(2026, 10, 4, 12, 1, 6, 345494, tzinfo=UTC)
# A prefix to which a digit is added: US, CA, GB, FR, AU, SE, DE, IN, BR, MX. Where a country keeps
# numbers for fiction, these are some of them.
_PREFIXES: Final = (
    "+1212555010", "+1416555010", "+44207946020", "+3361234567", "+6149157010",
    "+4670174061", "+49302312514", "+91987654321", "+551199612340", "+52551234567",
)  # fmt: skip
_TEST_NUMBERS: Final = 50
_CURATED: Final = 150
# Places in the curated list; the fifty test numbers never have any of these states.
_OPTED_OUT: Final = frozenset({53, 64, 75, 86, 97, 108, 119, 130, 141})
_CHANNELS_UNKNOWN: Final = frozenset({58, 92, 127})
_WHATSAPP_ONLY: Final = frozenset({60, 114})
# Generated numbers: +1 and an area code, then the seven digits from 2000000 on.
_AREA_CODES: Final = ("212", "312", "415", "512", "617", "702", "808", "916", "305", "206")

INSERT_TEMPLATE: Final = """
INSERT INTO templates
VALUES (:id, :customer_id, :name, :category, :language, :status, :channels, :variables, :content,
        :created_at, :updated_at, :is_published)
"""

_TEMPLATES: Final = (
    ("order_confirmation", "UTILITY", "APPROVED", ("sms", "whatsapp"), ("name", "order_number"),
     "Hi {{name}}, your order {{order_number}} has been confirmed."),
    ("appointment_reminder", "UTILITY", "APPROVED", ("sms",), ("name", "date", "time"),
     "Hi {{name}}, a reminder of your appointment on {{date}} at {{time}}."),
    ("delivery_update", "UTILITY", "APPROVED", ("whatsapp",), ("order_number", "status"),
     "Your order {{order_number}} is now: {{status}}."),
    ("welcome_message", "MARKETING", "APPROVED", ("sms", "whatsapp", "rcs"), ("name", "company"),
     "Welcome to {{company}}, {{name}}!"),
    ("verification_code", "AUTHENTICATION", "PENDING", ("sms", "whatsapp"), ("code",),
     "{{code}} is your verification code."),
    ("summer_sale", "MARKETING", "REJECTED", ("sms", "whatsapp"), ("name", "discount"),
     "{{name}}, everything must go: {{discount}} off today only."),
)  # fmt: skip

# Place of the contact, channel, direction, outcome, template or text.
_MESSAGES: Final = (
    (0, "whatsapp", "outbound", None, "welcome_message"),
    (0, "whatsapp", "inbound", None, "Thank you!"),
    (0, "sms", "outbound", None, "order_confirmation"),
    (1, "sms", "outbound", None, "order_confirmation"),
    (1, "sms", "outbound", "FAILED", "appointment_reminder"),
    (2, "whatsapp", "outbound", None, "order_confirmation"),
    (2, "whatsapp", "outbound", None, "delivery_update"),
    (3, "sms", "outbound", None, "appointment_reminder"),
    (53, "sms", "outbound", None, "welcome_message"),
    (53, "sms", "inbound", None, "STOP"),
)


def seed(database: Database, contacts: int) -> None:
    """Fills a new database; one that was seeded before is kept as it is."""
    with database.transaction():
        # Read inside the transaction: two processes may open the same new file.
        version = database.one("PRAGMA user_version", {}) or {}
        if version["user_version"] == _SEEDED:
            return
        database.run_many(INSERT_TEMPLATE, _templates())
        database.run_many(INSERT_CONTACT, _contacts(contacts))
        database.run_many(INSERT_MESSAGE, _messages(contacts))
        database.run(f"PRAGMA user_version = {_SEEDED}", {})


def _id(kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE, f"{kind}:{name}"))


def _contacts(count: int) -> Iterator[ContactRow]:
    for place in range(count):
        yield _curated(place) if place < _CURATED else _generated(place - _CURATED)


def _curated(place: int) -> ContactRow:
    # 67 and 150 share no factor, so the newest contacts are a mixture and no two are equally old.
    age = timedelta(hours=13, minutes=7, seconds=11) * (place * 67 % _CURATED)
    phone = read_phone(_curated_number(place))
    assert phone is not None
    row = _contact(phone, _CURATED_FROM + age)
    if place in _CHANNELS_UNKNOWN:
        row["available_channels"] = ""
    if place in _WHATSAPP_ONLY:
        row["available_channels"] = row["default_channel"] = "whatsapp"
    if place in _OPTED_OUT:
        row["opt_out"] = True
        row["updated_at"] = wire(_CURATED_FROM + age + timedelta(days=9))
    return row


def _curated_number(place: int) -> str:
    if place < _TEST_NUMBERS:
        return f"+141555501{place:02d}"
    region, digit = divmod(place - _TEST_NUMBERS, 10)
    return f"{_PREFIXES[region]}{digit}"


def _generated(place: int) -> ContactRow:
    local, area = divmod(place, len(_AREA_CODES))
    phone = _us_phone(_AREA_CODES[area], str(2_000_000 + local))
    # Older than the curated ones, so that these stay on the first pages.
    age = timedelta(seconds=20) * (place + 1)
    return _contact(phone, _CURATED_FROM - age)


def _us_phone(area: str, local: str) -> Phone:
    """What phonenumbers says about the number, without the third of a minute it takes for all."""
    exchange, line = local[:3], local[3:]
    return Phone(
        phone_number=f"+1{area}{local}",
        format_e164=f"+1{area}{local}",
        format_international=f"+1 {area}-{exchange}-{line}",
        format_national=f"({area}) {exchange}-{line}",
        format_rfc=f"tel:+1-{area}-{exchange}-{line}",
        country_code="1",
        region_code="US",
    )


def _contact(phone: Phone, created: datetime) -> ContactRow:
    return ContactRow(
        **vars(phone),
        id=_id("contact", phone.format_e164),
        customer_id=ACCOUNT_ID,
        available_channels=channels_of(phone.format_e164),
        default_channel="sms",
        opt_out=False,
        created_at=wire(created),
        updated_at=None,
        channels_due_at=None,
        deleted_at=None,
    )


def _templates() -> Iterator[TemplateRow]:
    for place, (name, category, status, channels, variables, content) in enumerate(_TEMPLATES):
        created = _TEMPLATES_FROM + timedelta(days=7) * place
        yield TemplateRow(
            id=_id("template", name),
            customer_id=ACCOUNT_ID,
            name=name,
            category=category,
            language="en_US",
            status=status,
            channels=json.dumps(channels),
            variables=json.dumps(variables),
            content=content,
            created_at=wire(created),
            updated_at=wire(created + timedelta(days=1)),
            is_published=status == "APPROVED",
        )


def _messages(contacts: int) -> Iterator[MessageRow]:
    templates = {template["name"]: template for template in _templates()}
    request = SendRequest(parameters={}, senders={}, media_urls=[])
    for place, (owner, channel, direction, outcome, said) in enumerate(_MESSAGES):
        if owner >= contacts:
            continue
        template = templates.get(said)
        content = template["content"] if template else said
        yield MessageRow(
            id=_id("message", str(place)),
            customer_id=ACCOUNT_ID,
            contact_id=_id("contact", _curated_number(owner)),
            template_id=template["id"] if template else None,
            requested_channel=channel,
            channel=channel,
            direction=direction,
            request=json.dumps(request),
            message_body=json.dumps(message_body(content)),
            created_at=wire(_MESSAGES_FROM + timedelta(days=1, minutes=3) * place),
            scheduled_at=None,
            cancelled_at=None,
            release_at=None,
            outcome=outcome,
            reason_code="DELIVERY_003" if outcome else None,
            reason="Number is temporarily unreachable" if outcome else None,
        )

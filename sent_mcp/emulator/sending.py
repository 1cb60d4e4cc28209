"""What a send asks for, read from its body and refused where the API refuses it (API §3.7)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sent_mcp.emulator.call import Body, Call, mapping, text, texts
from sent_mcp.emulator.envelope import Refusal, invalid
from sent_mcp.emulator.phones import Phone, read_phone
from sent_mcp.emulator.templates import TemplateRow, named_template, template_not_found

AUTO: Final = "sent"
CHANNELS: Final = (AUTO, "sms", "whatsapp", "rcs", "mms")
MOST_RECIPIENTS: Final = 1000
LONGEST_TEXT: Final = 4096
_SOONEST: Final = timedelta(minutes=1)
_LATEST: Final = timedelta(days=30)
_OFFSET: Final = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


@dataclass(frozen=True)
class Send:
    """A valid request to send."""

    recipients: list[Phone]
    channels: list[str]
    template: TemplateRow | None
    template_name: str | None
    parameters: dict[str, str]
    text: str | None
    senders: dict[str, list[str]]
    media_urls: list[str]
    subject: str | None
    scheduled_at: datetime | None


def read_send(call: Call) -> Send:
    """The send in the body of a request."""
    body = call.body
    recipients = _recipients(call)
    channels = _channels(body)
    media_urls = _media_urls(body, channels)
    content = _content(body)
    reference = mapping(body.get("template"), "template")
    # A sandbox send checks form only, so the template need not exist (API §16.16).
    template = named_template(call.database, reference) if reference else None
    if reference and template is None and not call.sandbox:
        raise template_not_found()
    return Send(
        recipients=recipients,
        channels=channels,
        template=template,
        template_name=template["name"] if template else text(reference, "name"),
        parameters=_parameters(reference),
        text=content,
        senders=_senders(body),
        media_urls=media_urls,
        subject=text(body, "subject"),
        scheduled_at=_scheduled_at(body, call.now),
    )


def _recipients(call: Call) -> list[Phone]:
    written = texts(call.body, "to")
    if not written:
        raise invalid("to", "At least one recipient is required")
    if len(written) > MOST_RECIPIENTS:
        raise _out_of_range("to", f"At most {MOST_RECIPIENTS} recipients")
    # The same number twice is one message: nobody wants the same text two times (API §16.11).
    phones: dict[str, Phone] = {}
    for index, number in enumerate(written):
        phone = read_phone(number, strict=call.strict_phones)
        if phone is None:
            problem = "Invalid phone number format"
            raise Refusal(400, "VALIDATION_002", problem, {f"to[{index}]": [problem]})
        phones.setdefault(phone.format_e164, phone)
    return list(phones.values())


def _channels(body: Body) -> list[str]:
    channels = list(dict.fromkeys(texts(body, "channel"))) or [AUTO]
    if not set(channels) <= set(CHANNELS):
        raise _not_one_of("channel", CHANNELS)
    return channels


def _content(body: Body) -> str | None:
    content = text(body, "text")
    template = body.get("template")
    if bool(content) == (template is not None):
        raise invalid("template", "Provide either template or text")
    if template is not None and not any(
        text(mapping(template, "template"), name) for name in ("id", "name")
    ):
        raise invalid("template", "Provide the template's id or name")
    if content and len(content) > LONGEST_TEXT:
        raise _out_of_range("text", f"At most {LONGEST_TEXT} characters")
    return content


def _parameters(reference: Body) -> dict[str, str]:
    parameters = mapping(reference.get("parameters"), "template.parameters")
    strings = {name: value for name, value in parameters.items() if isinstance(value, str)}
    if len(strings) != len(parameters):
        raise invalid("template.parameters", "Values must be strings")
    return strings


def _media_urls(body: Body, channels: list[str]) -> list[str]:
    media_urls = texts(body, "media_urls")
    if not all(url.startswith("https://") for url in media_urls):
        raise invalid("media_urls", "Must be https URLs")
    if "mms" in channels and not media_urls:
        raise invalid("media_urls", "The mms channel needs at least one attachment")
    return media_urls


def _senders(body: Body) -> dict[str, list[str]]:
    senders: dict[str, list[str]] = {}
    for channel, entries in mapping(body.get("channels"), "channels").items():
        if channel not in CHANNELS[1:]:
            raise _not_one_of("channels", CHANNELS[1:])
        if not isinstance(entries, list):
            raise invalid("channels", "Must hold a list per channel")
        listed = cast("list[object]", entries)
        numbers = [texts(mapping(entry, "channels"), "from") for entry in listed]
        senders[channel] = [number for entry in numbers for number in entry]
    return senders


def _scheduled_at(body: Body, now: datetime) -> datetime | None:
    written = text(body, "scheduled_at")
    if written is None:
        return None
    try:
        scheduled_at = datetime.fromisoformat(written)
    except ValueError:
        raise invalid("scheduled_at", "Must be an ISO-8601 time") from None
    if not _OFFSET.search(written) or scheduled_at.tzinfo is None:
        raise invalid("scheduled_at", "Must carry an explicit UTC offset")
    if not now + _SOONEST <= scheduled_at <= now + _LATEST:
        raise _out_of_range("scheduled_at", "Must be 1 minute to 30 days ahead")
    return scheduled_at


def _out_of_range(field: str, problem: str) -> Refusal:
    return Refusal(400, "VALIDATION_005", "Field value out of valid range", {field: [problem]})


def _not_one_of(field: str, values: tuple[str, ...]) -> Refusal:
    details = {field: [f"Must be one of: {', '.join(values)}"]}
    return Refusal(400, "VALIDATION_006", "Invalid enum value", details)

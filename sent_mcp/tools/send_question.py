"""A send put into words: how many messages, to whom, what they say, and when."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import JsonValue

from sent_mcp.guard import Question
from sent_mcp.models import Template
from sent_mcp.quoting import quoted
from sent_mcp.tools.arguments import LONGEST_VALUE
from sent_mcp.tools.recipients import Addressee
from sent_mcp.tools.results import moment, word
from sent_mcp.tools.send_arguments import LONGEST_URL, SendMessage

NOTHING_SENT = "Nothing was sent."
_SHOWN = 10


def send_question(
    arguments: SendMessage,
    recipients: Sequence[Addressee],
    skipped: Sequence[str],
    template: Template | None,
    channels: Sequence[str],
) -> Question:
    """The question about one send, and what an answer to it is bound to."""
    messages = len(recipients) * max(1, len(channels))
    first, others = recipients[0].phone_number, len(recipients) - 1
    whom = first + (f" and {others} more" if others else "")
    on = " and ".join(channels) or "the channel Sent chooses"
    return Question(
        action=f"send {count(messages, 'message')} to {whom}",
        lines=(
            f"Send {count(messages, 'message')}: {count(len(recipients), 'recipient')} on {on}?",
            *_whom(recipients, channels),
            *([f"Left out, opted out: {_listed(skipped)}"] if skipped else []),
            *_what(arguments, template),
            *_when(arguments.scheduled_at),
        ),
        undone=NOTHING_SENT,
        bound=_bound(recipients, skipped, template),
    )


def _whom(recipients: Sequence[Addressee], channels: Sequence[str]) -> Iterable[str]:
    yield f"To: {_listed([each.phone_number for each in recipients])}"
    strangers = [each.phone_number for each in recipients if each.contact is None]
    if strangers:
        yield f"Not contacts yet, will be created: {_listed(strangers)}"
    for channel in (name for name in channels if name not in ("sent", "mms")):
        lacking = [
            each.phone_number
            for each in recipients
            if each.contact and each.contact.channels and channel not in each.contact.channels
        ]
        if lacking:
            yield f"Not on {channel} as far as Sent knows: {_listed(lacking)}"


def _what(arguments: SendMessage, template: Template | None) -> Iterable[str]:
    if arguments.text is not None:
        yield f"Text: {quoted(arguments.text, 4096)}"
        if "whatsapp" in (arguments.channels or ()):
            yield "Free text on WhatsApp arrives only within an open conversation."
    if template is not None:
        facts = (template.language, template.category, template.status)
        known = ", ".join(_plain(fact) for fact in facts if fact)
        yield f"Template {quoted(template.name, 120)} ({known}); its text is known once sent."
        for name, value in (arguments.parameters or {}).items():
            yield f"  {word(name)} = {quoted(value, LONGEST_VALUE)}"
    if arguments.media_urls:
        urls = " ".join(quoted(url, LONGEST_URL) for url in arguments.media_urls)
        yield f"Attached, which makes it an MMS: {urls}"
    if arguments.subject is not None:
        yield f"Subject: {quoted(arguments.subject)}"


def _plain(fact: str) -> str:
    """A word of Sent's as it is; anything else in quotes, so that it does not pass for ours."""
    return fact if re.fullmatch(r"[A-Za-z_]{1,20}", fact) else quoted(fact, 40)


def _when(scheduled_at: str | None) -> Iterable[str]:
    if scheduled_at is not None:
        yield (
            f"When: {in_utc(scheduled_at)} (given as {scheduled_at}). Sent may move it out of"
            " quiet hours, and it cannot be called off from here."
        )


def _bound(
    recipients: Sequence[Addressee], skipped: Sequence[str], template: Template | None
) -> dict[str, JsonValue]:
    people: list[JsonValue] = [
        [each.phone_number, None]
        if each.contact is None
        else [
            each.phone_number,
            each.contact.id,
            each.contact.opt_out,
            each.contact.default_channel,
            list[JsonValue](sorted(each.contact.channels)),
        ]
        for each in sorted(recipients, key=lambda each: each.phone_number)
    ]
    about: list[JsonValue] = []
    if template is not None:
        variables = list[JsonValue](sorted(template.variables))
        about = [template.id, template.status, moment(template.updated_at), variables]
    return {"recipients": people, "skipped": list[JsonValue](sorted(skipped)), "template": about}


def _listed(numbers: Sequence[str]) -> str:
    more = len(numbers) - _SHOWN
    return " ".join(numbers[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def count(number: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def in_utc(scheduled_at: str | None) -> str | None:
    """A time with an offset as it is in UTC."""
    return None if scheduled_at is None else moment(datetime.fromisoformat(scheduled_at))

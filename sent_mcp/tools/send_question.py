"""A send put into words: how many messages, to whom, what they say, and when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import JsonValue

from sent_mcp.guard import Question
from sent_mcp.models import Template
from sent_mcp.moments import moment
from sent_mcp.quoting import named, quoted
from sent_mcp.tools.local_times import local_times, together
from sent_mcp.tools.recipients import Addressee
from sent_mcp.tools.send_arguments import SendMessage

NOTHING_SENT = "Nothing was sent."
_CHOSEN = "the channel Sent chooses"
_LOCALLY = "Local time, by number"
_SHOWN, _SHOWN_TIMES = 10, 5


def send_question(
    arguments: SendMessage,
    recipients: Sequence[Addressee],
    skipped: Sequence[str],
    template: Template | None,
    channels: Sequence[str],
) -> Question:
    """The question about one send, and what an answer to it is bound to."""
    messages = count(len(recipients) * max(1, len(channels)), "message")
    first, others = recipients[0].phone_number, len(recipients) - 1
    whom = first + (f" and {others} more" if others else "")
    return Question(
        action=f"send {messages} to {whom}",
        lines=(
            f"Send {messages}: {_how_many(recipients, channels)}?",
            *_whom(recipients, channels),
            *([f"Left out, opted out: {_listed(skipped)}"] if skipped else []),
            *_what(arguments, template, channels),
            *_when(arguments.scheduled_at, recipients),
        ),
        undone=NOTHING_SENT,
        bound=_bound(recipients, skipped, template),
    )


def _how_many(recipients: Sequence[Addressee], channels: Sequence[str]) -> str:
    on = [_CHOSEN if name == "sent" else name for name in channels or ("sent",)]
    product = f" ({len(recipients)} × {len(on)})" if len(on) > 1 else ""
    return f"{count(len(recipients), 'recipient')} on {_series(on)}{product}"


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


def _what(
    arguments: SendMessage, template: Template | None, channels: Sequence[str]
) -> Iterable[str]:
    if arguments.text is not None:
        yield f"Text: {quoted(arguments.text, None)}"
        yield from _free_text(arguments, channels)
    if template is not None:
        facts = (template.language, template.category, template.status)
        known = ", ".join(named(fact) for fact in facts if fact)
        yield f"Template {quoted(template.name, 120)} ({known}); its text is known once sent."
        for name, value in (arguments.parameters or {}).items():
            yield f"  {named(name)} = {quoted(value, None)}"
    if arguments.media_urls:
        yield f"Attached: {' '.join(quoted(url, None) for url in arguments.media_urls)}"
        yield _media(channels)
    if arguments.subject is not None:
        yield f"Subject: {quoted(arguments.subject, None)}"


def _free_text(arguments: SendMessage, channels: Sequence[str]) -> Iterable[str]:
    if "whatsapp" in channels:
        yield "Free text on WhatsApp arrives only within an open conversation."
    # With attachments it becomes an MMS, so WhatsApp is none of the channels Sent may choose.
    elif _sent_chooses(channels) and not arguments.media_urls:
        yield "Sent may choose WhatsApp, where free text arrives only within an open conversation."


def _media(channels: Sequence[str]) -> str:
    said = ["Media goes out by MMS only"]
    if _sent_chooses(channels):
        said.append(f"a message on {_CHOSEN} becomes an MMS")
    without = [name for name in channels if name not in ("sent", "mms")]
    if without:
        said.append(f"{_series(without)} {'does' if len(without) == 1 else 'do'} not carry it")
    return f"{'; '.join(said)}."


def _sent_chooses(channels: Sequence[str]) -> bool:
    return not channels or "sent" in channels


def _when(scheduled_at: str | None, recipients: Sequence[Addressee]) -> Iterable[str]:
    if scheduled_at is None:
        return
    yield f"When: {in_utc(scheduled_at)} (given as {scheduled_at})."
    yield from _where(datetime.fromisoformat(scheduled_at), [r.phone_number for r in recipients])
    yield "Sent may move it out of quiet hours, and it cannot be called off from here."


def _where(when: datetime, numbers: Sequence[str]) -> Iterable[str]:
    times = local_times(when, numbers)
    shown, others = times[:_SHOWN_TIMES], times[_SHOWN_TIMES:]
    for each in shown:
        yield f"{_LOCALLY}: {each.time()} for {_listed(each.numbers)} ({each.place()})"
    if others:
        rest = together(others)
        yield f"{_LOCALLY}: {rest.time()} for {count(len(rest.numbers), 'more recipient')}"
    placed = {number for each in times for number in each.numbers}
    lost = [number for number in numbers if number not in placed]
    if lost:
        yield f"{_LOCALLY}: not known for {_listed(lost)}"


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


def _series(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def count(number: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def in_utc(scheduled_at: str | None) -> str | None:
    """A time with an offset as it is in UTC."""
    return None if scheduled_at is None else moment(datetime.fromisoformat(scheduled_at))

"""Send a message: who gets what, agreed to first, once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue, model_validator

from sent_mcp.errors import RefusedError, quoted
from sent_mcp.guard import Question
from sent_mcp.models import SendReceipt, Template
from sent_mcp.tools.arguments import Addresses, Change, ListOf, Lower, Once, Recipient, Texts
from sent_mcp.tools.content import find_template, refuse_unsendable
from sent_mcp.tools.recipients import Addressee, resolve
from sent_mcp.tools.registry import ChangeTool, Offer, SentCall
from sent_mcp.tools.results import ChangeResult, moment, next_call, word

NOTHING_SENT = "Nothing was sent."
_SHOWN = 10
ChannelName = Annotated[Literal["sent", "sms", "whatsapp", "rcs", "mms"], Lower]


def _with_offset(value: str) -> str:
    try:
        when = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is not a time; write it like 2026-12-01T09:00:00+01:00") from error
    if when.tzinfo is None:
        raise ValueError("needs an offset from UTC, like 2026-12-01T09:00:00+01:00")
    if not 1 < when.year < 9999:
        raise ValueError("is no time to send anything")
    return when.isoformat()


def _https(value: str) -> str:
    if not value.startswith("https://"):
        raise ValueError("must begin with https://")
    return value


class SendMessage(Change):
    """To whom, what, and how."""

    to: Annotated[
        list[Recipient],
        ListOf,
        Once,
        Field(min_length=1, max_length=1000, description="Numbers or contact ids"),
    ]
    template_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    template_name: Annotated[str, Field(max_length=512)] | None = None
    text: Annotated[str, Field(max_length=4096, description="Instead of a template")] | None = None
    parameters: Annotated[Texts, Field(description="Values of the template's variables")] | None = (
        None
    )
    channels: (
        Annotated[
            list[ChannelName],
            ListOf,
            Field(max_length=5, description="One message each, no fallback; default: sent chooses"),
        ]
        | None
    ) = None
    scheduled_at: (
        Annotated[str, AfterValidator(_with_offset), Field(description="ISO time with offset")]
        | None
    ) = None
    media_urls: (
        Annotated[
            list[Annotated[str, AfterValidator(_https)]],
            Addresses,
            Field(max_length=10, description="https; sends an MMS"),
        ]
        | None
    ) = None
    subject: Annotated[str, Field(max_length=200, description="MMS only")] | None = None

    @model_validator(mode="after")
    def _one_content(self) -> "SendMessage":
        given = [self.template_id, self.template_name, self.text]
        if sum(each is not None for each in given) != 1:
            raise ValueError("give exactly one of template_id, template_name and text")
        if self.parameters and self.text is not None:
            raise ValueError("parameters belong to a template, and this sends text")
        if (
            self.channels
            and "mms" in self.channels
            and self.text is not None
            and not self.media_urls
        ):
            raise ValueError("an MMS needs media_urls")
        return self


class SentMessage(BaseModel):
    """One message Sent accepted."""

    to: str
    message_id: str
    channel: str | None = None


class SendResult(ChangeResult):
    """What was accepted, which is not yet delivered, and who was left out."""

    messages: list[SentMessage] | None = None
    skipped: list[str] | None = None
    template_name: str | None = None
    scheduled_at: str | None = None
    replayed: bool | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        for each in self.messages or ():
            yield f"{each.to} {each.message_id} {each.channel or 'channel chosen by Sent'}"
        if self.template_name:
            yield f"template: {self.template_name}"
        if self.skipped:
            yield f"skipped, opted out: {' '.join(self.skipped)}"
        if self.scheduled_at:
            yield f"scheduled for {self.scheduled_at}"


@dataclass(frozen=True)
class SendPlan:
    """Everything that goes into the request, and the question about it."""

    arguments: SendMessage
    recipients: tuple[Addressee, ...]
    skipped: tuple[str, ...]
    template: Template | None
    question: Question

    @property
    def channels(self) -> tuple[str, ...]:
        """The chosen channels, each once."""
        return tuple(dict.fromkeys(self.arguments.channels or ()))

    @property
    def messages(self) -> int:
        """How many messages go out."""
        return len(self.recipients) * max(1, len(self.channels))


async def plan_send(call: SentCall, arguments: SendMessage) -> SendPlan:
    """Read every recipient and the template; refuse what Sent would accept and fail later."""
    _refuse_past(arguments.scheduled_at, call.journal.now())
    channels = tuple(dict.fromkeys(arguments.channels or ()))
    everyone = await resolve(call, arguments.to, max(1, len(channels)))
    recipients = tuple(each for each in everyone if not each.opted_out)
    skipped = tuple(each.phone_number for each in everyone if each.opted_out)
    if not recipients:
        raise RefusedError("every recipient has opted out of messages", code="BUSINESS_004")
    template = await find_template(call, arguments.template_id, arguments.template_name)
    if template is not None:
        refuse_unsendable(template, arguments.parameters or {}, channels)
    question = _question(arguments, recipients, skipped, template, channels)
    return SendPlan(arguments, recipients, skipped, template, question)


async def send(call: SentCall, plan: SendPlan) -> SendResult:
    """Send once; counted against the daily limit first, written into the journal after."""
    if call.dry_run:
        await _request(call, plan)
        would = f"Sent would accept {_count(plan.messages, 'message')}"
        return _result(plan, "dry_run", f"{NOTHING_SENT[:-1]}; {would}.")
    async with call.journal.counted(plan.messages, call.limits.messages_per_day) as rows:
        receipt, replayed = await _request(call, plan)
        await call.journal.note(rows, receipt.recipients)
    sent = [
        SentMessage(
            to=word(each.to),
            message_id=word(each.message_id),
            channel=None if each.channel in (None, "sent") else word(each.channel or ""),
        )
        for each in receipt.recipients
    ]
    again = " The same request had gone out before; Sent repeated its answer." if replayed else ""
    done = f"Sent accepted {_count(len(sent), 'message')}; accepted is not yet delivered.{again}"
    ids = [each.message_id for each in sent[:100]]
    return _result(plan, "accepted", done).model_copy(
        update={
            "messages": sent,
            "next": next_call("get_message", message_ids=[*ids]) if ids else None,
            "scheduled_at": moment(receipt.scheduled_at) or _in_utc(plan.arguments.scheduled_at),
            "replayed": replayed,
        }
    )


async def _request(call: SentCall, plan: SendPlan) -> tuple[SendReceipt, bool]:
    arguments = plan.arguments
    answer = await call.client.messages.send(
        to=[each.phone_number for each in plan.recipients],
        text=arguments.text,
        template_id=None if plan.template is None else plan.template.id,
        parameters=arguments.parameters,
        channels=plan.channels or None,
        scheduled_at=arguments.scheduled_at,
        media_urls=arguments.media_urls,
        subject=arguments.subject,
        sandbox=call.dry_run,
        idempotency_key=call.idempotency_key,
    )
    return answer.data, answer.replayed


def _result(plan: SendPlan, status: str, message: str) -> SendResult:
    return SendResult(
        status=status,
        message=message,
        skipped=list(plan.skipped) or None,
        template_name=None if plan.template is None else word(plan.template.name),
        scheduled_at=_in_utc(plan.arguments.scheduled_at),
    )


def _question(
    arguments: SendMessage,
    recipients: Sequence[Addressee],
    skipped: Sequence[str],
    template: Template | None,
    channels: Sequence[str],
) -> Question:
    messages = len(recipients) * max(1, len(channels))
    first, others = recipients[0].phone_number, len(recipients) - 1
    whom = first + (f" and {others} more" if others else "")
    on = " and ".join(channels) or "the channel Sent chooses"
    return Question(
        action=f"send {_count(messages, 'message')} to {whom}",
        lines=(
            f"Send {_count(messages, 'message')}: {_count(len(recipients), 'recipient')} on {on}?",
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
        known = ", ".join(word(fact) for fact in facts if fact)
        yield f"Template {quoted(template.name, 120)} ({known}); its text is known once sent."
        for name, value in (arguments.parameters or {}).items():
            yield f"  {word(name)} = {quoted(value, 1000)}"
    if arguments.media_urls:
        urls = " ".join(quoted(url, 200) for url in arguments.media_urls)
        yield f"Attached, which makes it an MMS: {urls}"
    if arguments.subject is not None:
        yield f"Subject: {quoted(arguments.subject)}"


def _when(scheduled_at: str | None) -> Iterable[str]:
    if scheduled_at is not None:
        yield (
            f"When: {_in_utc(scheduled_at)} (given as {scheduled_at}). Sent may move it out of"
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _in_utc(scheduled_at: str | None) -> str | None:
    return None if scheduled_at is None else moment(datetime.fromisoformat(scheduled_at))


def _refuse_past(scheduled_at: str | None, now: float) -> None:
    if scheduled_at is None:
        return
    ahead = datetime.fromisoformat(scheduled_at) - datetime.fromtimestamp(now, UTC)
    if not 60 <= ahead.total_seconds() <= 30 * 86_400:
        raise RefusedError(
            f"scheduled_at is {_in_utc(scheduled_at)}, and Sent takes times from 1 minute to"
            " 30 days ahead",
            code="VALIDATION_005",
        )


SEND_MESSAGE = ChangeTool(
    Offer(
        "send_message",
        "Send message",
        "Send a template or a text to numbers or contacts, one message per recipient and channel."
        " Needs confirmation: the first call returns a question and a token. Accepted is not"
        " delivered; get_message tells.",
        "messages",
        SendMessage,
        SendResult,
        read_only=False,
        destructive=True,
        idempotent=False,
        open_world=True,
    ),
    SendMessage,
    SendResult,
    plan_send,
    send,
)

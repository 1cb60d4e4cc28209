"""Send a message: who gets what, agreed to first, once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pydantic import JsonValue

from sent_mcp.client import Answer
from sent_mcp.errors import OutcomeUnknownError, RefusedError, UnreadableAnswerError
from sent_mcp.guard import Question
from sent_mcp.guard.journal import Draft, History
from sent_mcp.models import SendReceipt, Template
from sent_mcp.moments import moment
from sent_mcp.quoting import cell, delimited
from sent_mcp.tools.content import find_template, refuse_unsendable
from sent_mcp.tools.recipients import Addressee, resolve
from sent_mcp.tools.registry import ChangeTool, Offer, SentCall
from sent_mcp.tools.results import ChangeResult, Entry, next_call, word
from sent_mcp.tools.send_arguments import SendMessage
from sent_mcp.tools.send_history import with_history
from sent_mcp.tools.send_question import NOTHING_SENT, count, in_utc, send_question

_REPEAT = (
    "Ask for exactly the same send again within 23 hours: it carries the same idempotency key, so"
    " nobody gets it twice."
)


class SentMessage(Entry):
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

    @property
    def ids(self) -> tuple[str, ...]:
        """See ChangeResult."""
        return tuple(each.message_id for each in self.messages or ())[:100]

    @classmethod
    def unknown(cls, error: OutcomeUnknownError, exact: Mapping[str, JsonValue]) -> Self:
        """See ChangeResult; the same send again is no second one."""
        return cls(status="outcome_unknown", message=f"{error.report} {_REPEAT}")

    def details(self) -> Iterable[str]:
        """See Result."""
        for each in self.messages or ():
            channel = cell(each.channel) if each.channel else "channel chosen by Sent"
            yield f"{cell(each.to)} {cell(each.message_id)} {channel}"
        if self.template_name:
            yield f"template: {delimited(self.template_name)}"
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
    draft: Draft
    history: History
    question: Question

    @property
    def channels(self) -> tuple[str, ...]:
        """The chosen channels, each once."""
        return tuple(sorted(set(self.arguments.channels or ())))

    @property
    def messages(self) -> int:
        """How many messages go out."""
        return len(self.recipients) * max(1, len(self.channels))


async def plan_send(call: SentCall, arguments: SendMessage) -> SendPlan:
    """Read every recipient and the template; refuse what Sent would accept and fail later."""
    _refuse_past(arguments.scheduled_at, call.now())
    channels = tuple(sorted(set(arguments.channels or ())))
    everyone = await resolve(call, arguments.to, max(1, len(channels)))
    # Sorted, so that the same people in another order are the same send.
    everyone.sort(key=lambda each: each.phone_number)
    recipients = tuple(each for each in everyone if not each.opted_out)
    skipped = tuple(each.phone_number for each in everyone if each.opted_out)
    if not recipients:
        raise RefusedError("every recipient has opted out of messages", code="BUSINESS_004")
    template = await find_template(call, arguments.template_id, arguments.template_name)
    if template is not None:
        refuse_unsendable(template, arguments.parameters or {}, channels)
    draft = _draft(arguments, recipients, template, channels)
    history = await call.journal.history(draft)
    if not call.dry_run and history.repeats is None:
        await call.journal.refuse_above(len(draft.recipients), call.limits.messages_per_day)
    question = send_question(arguments, recipients, skipped, template, channels)
    question = with_history(question, history)
    return SendPlan(arguments, recipients, skipped, template, draft, history, question)


async def send(call: SentCall, plan: SendPlan) -> SendResult:
    """Send once; counted against the daily limit first, written into the journal after."""
    if call.dry_run:
        await _request(call, plan)
        would = f"Sent would accept {count(plan.messages, 'message')}"
        return _result(plan, "dry_run", f"{NOTHING_SENT[:-1]}; {would}.")
    key, limit = call.idempotency_key, call.limits.messages_per_day
    async with call.journal.sending(plan.draft, plan.history, key, limit) as send_id:
        answer = await _request(call, plan)
        receipt, replayed = answer.data, answer.replayed
        if not receipt.recipients:
            raise OutcomeUnknownError(UnreadableAnswerError("the answer names no message"))
        await call.journal.done(send_id, receipt.recipients)
    sent = [
        SentMessage(
            to=word(each.to),
            message_id=word(each.message_id),
            channel=None if each.channel in (None, "sent") else word(each.channel or ""),
        )
        for each in receipt.recipients
    ]
    again = " The same request had gone out before; Sent repeated its answer." if replayed else ""
    of = f" of {plan.messages}" if len(sent) != plan.messages else ""
    done = f"Sent accepted {count(len(sent), 'message')}{of}; accepted is not yet delivered.{again}"
    ids = [each.message_id for each in sent[:100]]
    return _result(plan, "accepted", done).model_copy(
        update={
            "messages": sent,
            "next": next_call("get_message", message_ids=[*ids]) if ids else None,
            "scheduled_at": moment(receipt.scheduled_at) or in_utc(plan.arguments.scheduled_at),
            "replayed": replayed,
            "request_id": answer.request_id,
        }
    )


async def _request(call: SentCall, plan: SendPlan) -> Answer[SendReceipt]:
    arguments = plan.arguments
    return await call.client.messages.send(
        to=[each.phone_number for each in plan.recipients],
        text=arguments.text,
        template_id=None if plan.template is None else plan.template.id,
        parameters=arguments.parameters,
        channels=plan.channels or None,
        scheduled_at=arguments.scheduled_at,
        media_urls=arguments.media_urls,
        subject=arguments.subject,
        sandbox=call.dry_run,
        rehearsal=call.limits.dry_run,
        idempotency_key=call.idempotency_key,
    )


def _draft(
    arguments: SendMessage,
    recipients: Sequence[Addressee],
    template: Template | None,
    channels: Sequence[str],
) -> Draft:
    """What makes two sends the same: all that goes into the request, in this order."""
    said = {"text", "parameters", "media_urls", "subject"}
    given: dict[str, JsonValue] = arguments.model_dump(mode="json", include=said)
    # The request leaves out what is empty, and so must what is compared.
    content = {name: value for name, value in given.items() if value}
    if template is not None:
        content["template_id"] = template.id
    numbers = [each.phone_number for each in recipients]
    body: dict[str, JsonValue] = {
        **content,
        "to": [*numbers],
        "channels": [*channels],
        "scheduled_at": arguments.scheduled_at,
    }
    return Draft(body, content, tuple(numbers * max(1, len(channels))))


def _result(plan: SendPlan, status: str, message: str) -> SendResult:
    return SendResult(
        status=status,
        message=message,
        skipped=list(plan.skipped) or None,
        template_name=None if plan.template is None else word(plan.template.name),
        scheduled_at=in_utc(plan.arguments.scheduled_at),
    )


def _refuse_past(scheduled_at: str | None, now: float) -> None:
    if scheduled_at is None:
        return
    ahead = datetime.fromisoformat(scheduled_at) - datetime.fromtimestamp(now, UTC)
    if not 60 <= ahead.total_seconds() <= 30 * 86_400:
        raise RefusedError(
            f"scheduled_at is {in_utc(scheduled_at)}, and Sent takes times from 1 minute to"
            " 30 days ahead",
            code="VALIDATION_005",
        )


SEND_MESSAGE = ChangeTool(
    Offer(
        "send_message",
        "Send message",
        "Send a template or a text to numbers or contacts, one message per recipient and channel."
        " Needs the user's confirmation. Accepted is not delivered; get_message tells.",
        "messages",
        SendMessage,
        SendResult,
        read_only=False,
        destructive=True,
        idempotent=False,
        open_world=True,
    ),
    plan_send,
    send,
)

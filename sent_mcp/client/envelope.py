"""Opens the v3 envelope (API §1.1): data for a success, an error for everything else.

A 2xx answer with `success: false` is an error too.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from sent_mcp.client.answers import Answer, RawAnswer
from sent_mcp.client.refusals import refusal
from sent_mcp.errors import APIStatusError, UnreadableAnswerError
from sent_mcp.models.envelope import Envelope, Meta, Outcome
from sent_mcp.quoting import named, quoted

Data = TypeVar("Data")
Opener = Callable[[RawAnswer], Answer[Data]]


def data_of(shape: type[Envelope[Data]]) -> Opener[Data]:
    """An opener for answers that must carry data."""
    open_envelope = maybe_data_of(shape)

    def open_answer(raw: RawAnswer) -> Answer[Data]:
        answer = open_envelope(raw)
        if answer.data is None:
            raise _unreadable(raw, "it carries no data")
        return answer.carrying(answer.data)

    return open_answer


def maybe_data_of(shape: type[Envelope[Data]]) -> Opener[Data | None]:
    """An opener for answers whose data may be null."""

    def open_answer(raw: RawAnswer) -> Answer[Data | None]:
        if not is_success(raw):
            raise refusal(raw)
        try:
            envelope = shape.model_validate_json(raw.body)
        except ValidationError as error:
            raise _refusal_or_unreadable(raw, error) from error
        if envelope.success is False:
            raise refusal(raw)
        return _answer(raw, envelope.data, envelope.meta or Meta())

    return open_answer


def open_empty(raw: RawAnswer) -> Answer[None]:
    """Open an answer whose data does not matter, like the 204 of a DELETE."""
    if not raw.body and is_success(raw):
        return _answer(raw, None, Meta())
    answer = maybe_data_of(Envelope[JsonValue])(raw)
    return answer.carrying(None)


def is_success(raw: RawAnswer) -> bool:
    """Whether the status is 2xx. A redirect raises UnreadableAnswerError."""
    if 300 <= raw.status < 400:
        raise _unreadable(raw, "the base URL redirects, and redirects are not followed")
    return 200 <= raw.status < 300


def _answer(raw: RawAnswer, data: Data, meta: Meta) -> Answer[Data]:
    return Answer(
        data,
        request_id=raw.request_id(meta.request_id),
        timestamp=meta.timestamp,
        sandbox=raw.sandbox,
        replayed=raw.replayed,
    )


def _refusal_or_unreadable(
    raw: RawAnswer, error: ValidationError
) -> APIStatusError | UnreadableAnswerError:
    # `success: false` counts even when the data beside it has an unexpected form.
    try:
        outcome = Outcome.model_validate_json(raw.body)
    except ValidationError:
        return unreadable(raw, error)
    return refusal(raw) if outcome.success is False else unreadable(raw, error)


def unreadable(raw: RawAnswer, error: ValidationError) -> UnreadableAnswerError:
    """The error for a 2xx answer of the wrong form: names the field, or says that it is no JSON."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        return _unreadable(raw, "it is not JSON")
    name = ".".join(str(part) for part in problem["loc"] if _is_field(part)) or "it"
    return _unreadable(raw, f"{named(name)}: {problem['msg'].lower()}")


def _is_field(part: int | str) -> bool:
    # pydantic puts the names of tried types in between.
    return isinstance(part, int) or (part.isidentifier() and part[0].islower())


def _unreadable(raw: RawAnswer, why: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"status {raw.status} came with an answer that cannot be read"
        f" ({quoted(raw.content_type, 60)}): {why}",
        request_id=raw.request_id(),
        maybe_done=True,
    )

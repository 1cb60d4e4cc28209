"""Opens the v3 envelope (API §1.1): data for a success, an error for everything else, 2xx with `success: false` too."""

import email.utils
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from sent_mcp.client.answers import Answer, RawAnswer
from sent_mcp.errors import APIStatusError, UnreadableAnswerError, quoted, status_error
from sent_mcp.models.envelope import Envelope, Meta, Outcome

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
    """Whether the status is 2xx. A redirect raises UnreadableAnswerError: the base URL is not the API's."""
    if 300 <= raw.status < 400:
        raise _unreadable(raw, "the base URL redirects, and redirects are not followed")
    return 200 <= raw.status < 300


def refusal(raw: RawAnswer) -> APIStatusError:
    """The error an answer stands for."""
    try:
        outcome = Outcome.model_validate_json(raw.body)
    except ValidationError:
        outcome = Outcome()
    if outcome.error is None:
        return bare_refusal(raw)
    meta = outcome.meta or Meta()
    return status_error(raw.status)(
        raw.status,
        outcome.error.message or f"status {raw.status}",
        code=outcome.error.code,
        details=field_problems(outcome.error.details),
        request_id=meta.request_id or raw.headers.get("x-request-id"),
        retry_after=retry_after(raw.headers),
        timestamp=meta.timestamp,
    )


def bare_refusal(
    raw: RawAnswer, message: str | None = None, details: JsonValue = None
) -> APIStatusError:
    """The error for a status whose body is not Sent's envelope: 401 is documented without one (API §3)."""
    said = (
        "an empty answer" if not raw.body else f"an answer that is not Sent's ({raw.content_type})"
    )
    return status_error(raw.status)(
        raw.status,
        message or f"status {raw.status} with {said}",
        code="AUTH_002" if raw.status == 401 else None,
        details=field_problems(details),
        request_id=raw.headers.get("x-request-id"),
        retry_after=retry_after(raw.headers),
    )


def field_problems(details: JsonValue) -> Mapping[str, Sequence[str]]:
    """The field map of a validation error, whatever form its values have."""
    if not isinstance(details, dict):
        return {} if details is None else {"details": [str(details)]}
    return {
        name: [str(problem) for problem in problems]
        if isinstance(problems, list)
        else [str(problems)]
        for name, problems in details.items()
    }


def retry_after(
    headers: Mapping[str, str], *, now: Callable[[], float] | None = None
) -> float | None:
    """How many seconds Sent asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as a date (API §6)."""
    try:
        return _positive(float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "")
    try:
        return _positive(float(value))
    except ValueError:
        until = _moment(value)
    if until is None:
        return None
    # The date is on Sent's clock, which the answer's own date tells.
    start = _moment(headers.get("date", "")) or datetime.now(UTC)
    return _positive((until - start).total_seconds())


def _positive(seconds: float) -> float | None:
    return seconds if 0 < seconds < math.inf else None


def _moment(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _answer(raw: RawAnswer, data: Data, meta: Meta) -> Answer[Data]:
    return Answer(
        data,
        request_id=meta.request_id or raw.headers.get("x-request-id"),
        timestamp=meta.timestamp,
        sandbox=raw.headers.get("x-sandbox", "").lower() == "true",
        replayed=raw.headers.get("idempotent-replayed", "").lower() == "true",
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
    name = ".".join(str(part) for part in problem["loc"] if not str(part)[:1].isupper()) or "it"
    return _unreadable(raw, f"{quoted(name)[1:-1]}: {problem['msg'].lower()}")


def _unreadable(raw: RawAnswer, why: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"status {raw.status} came with an answer that cannot be read ({quoted(raw.content_type, 60)}): {why}",
        request_id=raw.headers.get("x-request-id"),
        maybe_done=200 <= raw.status < 300,
    )

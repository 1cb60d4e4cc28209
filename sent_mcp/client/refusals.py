"""Makes errors of answers that are refusals: which class, what Sent said, how long to wait."""

import email.utils
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue, ValidationError

from sent_mcp.client.answers import RawAnswer
from sent_mcp.errors import APIStatusError, status_error
from sent_mcp.models.envelope import Meta, Outcome

_STATUS_OF = (
    ("AUTH_001", 401),
    ("AUTH_002", 401),
    ("AUTH_", 403),
    ("VALIDATION_", 400),
    ("RESOURCE_007", 409),
    ("RESOURCE_", 404),
    ("BUSINESS_002", 429),
    ("BUSINESS_", 422),
    ("LIMIT_", 429),
    ("CONFLICT_", 409),
    ("SERVICE_", 503),
    ("INTERNAL_", 500),
)
_SENTS_NO = re.compile(r"(AUTH|VALIDATION|RESOURCE|BUSINESS|CONFLICT|LIMIT)_\d{3}|SERVICE_001")


def refusal(raw: RawAnswer) -> APIStatusError:
    """The error an answer stands for."""
    try:
        outcome = Outcome.model_validate_json(raw.body)
    except ValidationError:
        outcome = Outcome()
    if outcome.error is None:
        return bare_refusal(raw)
    meta = outcome.meta or Meta()
    status = raw.status if raw.status >= 400 else _documented_status(outcome.error.code or "")
    error = status_error(status)(
        status,
        outcome.error.message or f"status {raw.status}",
        code=outcome.error.code,
        details=field_problems(outcome.error.details),
        request_id=raw.request_id(meta.request_id),
        retry_after=retry_after(raw.headers),
        timestamp=meta.timestamp,
    )
    error.maybe_done = _maybe_done(raw, error)
    return error


def _documented_status(code: str) -> int:
    """The status an error code belongs to (API §5), for `success: false` in a 200; else 200."""
    families = (status for prefix, status in _STATUS_OF if code.startswith(prefix))
    return next(families, 200)


def bare_refusal(
    raw: RawAnswer, message: str | None = None, details: JsonValue = None
) -> APIStatusError:
    """The error for a body that is not Sent's envelope; 401 is documented without (API §3)."""
    said = (
        "an empty answer" if not raw.body else f"an answer that is not Sent's ({raw.content_type})"
    )
    error = status_error(raw.status)(
        raw.status,
        message or f"status {raw.status} with {said}",
        code="AUTH_002" if raw.status == 401 and not raw.body else None,
        details=field_problems(details),
        request_id=raw.request_id(),
        retry_after=retry_after(raw.headers),
    )
    error.maybe_done = _maybe_done(raw, error)
    return error


def _maybe_done(raw: RawAnswer, error: APIStatusError) -> bool:
    """Whether a change may have been done all the same: always, unless Sent itself says no.

    A status without one of Sent's codes may be some proxy's, which has the answer or lost it.
    """
    if error.status == 429 or (error.status in (401, 403) and not raw.body):
        return False
    # What is retryable of Sent's own codes, CONFLICT_001 under way, says nothing yet.
    return error.maybe_done or not _SENTS_NO.fullmatch(error.code)


def field_problems(details: JsonValue) -> Mapping[str, Sequence[str]]:
    """The field map of a validation error, whatever form its values have."""
    if not isinstance(details, dict):
        return {} if details is None else {"details": [_words(details)]}
    return {
        name: [*map(_words, problems)] if isinstance(problems, list) else [_words(problems)]
        for name, problems in details.items()
    }


def _words(problem: JsonValue) -> str:
    return problem if isinstance(problem, str) else json.dumps(problem, ensure_ascii=False)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds Sent asks to wait (API §6): `Retry-After` in seconds, ms or as a date."""
    try:
        return _positive(float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "")
    try:
        return _positive(float(value))
    except ValueError:
        until = http_date(value)
    if until is None:
        return None
    # The date is on Sent's clock, which the answer's own date tells.
    start = http_date(headers.get("date", "")) or datetime.now(UTC)
    return _positive((until - start).total_seconds())


def _positive(seconds: float) -> float | None:
    return seconds if 0 < seconds < math.inf else None


def http_date(text: str) -> datetime | None:
    """The time in a header; None where it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

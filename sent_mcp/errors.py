"""Everything that can go wrong, with the next step for whoever reads it.

    SentError                          code, message, details, request_id, retryable, advice
    ├── SettingsError                  nothing was sent: the setup is wrong
    ├── RefusedError                   refused here, before any change
    ├── APIConnectionError             no answer
    │   └── APITimeoutError            no answer in time
    ├── UnreadableAnswerError          an answer that is not what Sent documents
    ├── OutcomeUnknownError            a change that may or may not have been done
    └── APIStatusError                 Sent said no: status, retry_after
        ├── BadRequestError       400  ├── ConflictError            409
        ├── AuthenticationError   401  ├── UnprocessableEntityError 422
        ├── PermissionDeniedError 403  ├── RateLimitError           429
        └── NotFoundError         404  └── InternalServerError      500 and above

Classes say what a caller can do, with the names of the official SDK; advice goes by code.
`str(error)` is the text for the model. Words that came from the API appear only quoted, escaped
and cut.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

from sent_mcp.advice import ADVICE, advice_on_status
from sent_mcp.quoting import delimited, named, one_line, quoted

NOTHING_DONE = "Nothing was changed or sent."
_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_MOST_FIELDS = 10


def _first(lines: list[str]) -> list[str]:
    left = len(lines) - _MOST_FIELDS
    return lines if left <= 0 else [*lines[:_MOST_FIELDS], f"and {left} more"]


class SentError(Exception):
    """Anything that kept a call from being done: what it was, what was done, what to do next.

    `retryable`: the same call may succeed later. `maybe_done`: what was asked may have been
    executed although this came back; `after_doubt`: by an earlier attempt of the same call.
    `message` may be the API's own words: show `sentence` and `problems`, or the whole `str()`.
    `effect` says in words what was done. `should_retry` is Sent's own word (`x-should-retry`), and
    `replayed` that this is the answer of an earlier request with the same idempotency key.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        details: Mapping[str, Sequence[str]] | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: Mapping[str, Sequence[str]] = details or {}
        self.request_id = request_id
        self.retryable = retryable
        self.maybe_done = maybe_done
        self.after_doubt = False
        self.subject: str | None = None
        self.should_retry: bool | None = None
        self.replayed = False
        self.effect = NOTHING_DONE

    @property
    def advice(self) -> str:
        """The next step for whoever asked."""
        return ADVICE.get(self.code, "")

    @property
    def sentence(self) -> str:
        """The message as it may be shown."""
        return self.message

    @property
    def problems(self) -> list[str]:
        """One line per field that is wrong, as it may be shown."""
        return _first([f"{field}: {' '.join(said)}" for field, said in self.details.items()])

    def __str__(self) -> str:
        sentence = self.sentence
        subject = "" if self.subject is None else f"{quoted(self.subject, 80)}: "
        lines = [
            f"{self.code}: {subject}{sentence}"
            + ("" if sentence.endswith((".", "!", "?")) else ".")
        ]
        lines += self.problems
        after = " ".join(part for part in (self.effect, self.advice) if part)
        # However a line was made: it is one, and shows all it holds.
        text = ("\n" if self.problems else " ").join(["\n".join(map(one_line, lines)), after])
        if self.request_id is None:
            return text
        return f"{text} (request {delimited(one_line(self.request_id))})"


@contextmanager
def about(subject: str) -> Generator[None]:
    """Let an error from inside name which of several things it is about: an id in a list."""
    try:
        yield
    except SentError as error:
        error.subject = subject
        raise


class SettingsError(SentError):
    """Nothing was sent: the setup is wrong (MISSING_KEY, PLACEHOLDER_KEY, KEY_FILE, SETTINGS)."""

    def __init__(self, message: str, *, code: str = "MISSING_KEY") -> None:
        super().__init__(message, code=code)


class RefusedError(SentError):
    """Refused here, by us, before anything was changed or sent."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "INVALID_ARGUMENTS",
        details: Mapping[str, Sequence[str]] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, code=code, details=details, retryable=retryable)


class APIConnectionError(SentError):
    """No answer. `maybe_done` is false when the request cannot have been written."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "CONNECTION_ERROR",
        maybe_done: bool = True,
        retryable: bool = True,
    ) -> None:
        super().__init__(message, code=code, retryable=retryable, maybe_done=maybe_done)


class APITimeoutError(APIConnectionError):
    """No answer in time."""

    def __init__(self, message: str, *, maybe_done: bool = True) -> None:
        super().__init__(message, code="TIMEOUT", maybe_done=maybe_done)


class UnreadableAnswerError(SentError):
    """An answer that is no JSON, has a wrong type in a (named) field, too large, or redirects."""

    def __init__(
        self, message: str, *, request_id: str | None = None, maybe_done: bool = False
    ) -> None:
        super().__init__(
            message, code="UNREADABLE_ANSWER", request_id=request_id, maybe_done=maybe_done
        )


class OutcomeUnknownError(SentError):
    """A change that may or may not have been done; `cause` is why that is not known."""

    def __init__(self, cause: SentError, *, found: str = "") -> None:
        super().__init__(
            f"no usable answer came back to the change ({cause.code}: {cause.sentence})",
            code="OUTCOME_UNKNOWN",
            request_id=cause.request_id,
            maybe_done=True,
        )
        self.cause = cause
        self.effect = f"It is not known whether the change was done.{' ' + found if found else ''}"

    @property
    def report(self) -> str:
        """What is known, for the message of a result."""
        return f"{self.effect} No usable answer came back ({self.cause.code})."


class APIStatusError(SentError):
    """Sent answered with an error status, or with `success: false`.

    `retry_after` is how many seconds Sent asked to wait, `timestamp` Sent's clock in that answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: Mapping[str, Sequence[str]] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        if code is None or not _CODE.fullmatch(code):
            code = f"HTTP_{status}"
        passing = status in (408, 429) or status >= 500 or code == "CONFLICT_001"
        super().__init__(
            message,
            code=code,
            details=details,
            request_id=request_id,
            retryable=passing,
            # SERVICE_001: the idempotency store is down, and nothing was executed (API §5).
            maybe_done=passing and status != 429 and code != "SERVICE_001",
        )
        self.status = status
        self.retry_after = retry_after
        self.timestamp = timestamp

    @property
    def advice(self) -> str:
        """The next step by code; by status for a code that is not in the catalogue."""
        return ADVICE.get(self.code) or advice_on_status(self.status)

    @property
    def sentence(self) -> str:
        """The API's message in quotes, and how long Sent asks to wait."""
        wait = "" if self.retry_after is None else f" Sent asks to wait {self.retry_after:.3g} s."
        return quoted(self.message.removesuffix(".")) + "." + wait

    @property
    def problems(self) -> list[str]:
        """The API's field messages in quotes, of the first ten fields."""
        lines = [
            f"{named(field, 60)}: {' '.join(map(quoted, said[:3]))}"
            for field, said in self.details.items()
        ]
        return _first(lines)


class BadRequestError(APIStatusError):
    """400: an argument is wrong."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong or locked."""


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this, or the account is not ready."""


class NotFoundError(APIStatusError):
    """404: there is no such contact, template, message or number."""


class ConflictError(APIStatusError):
    """409: it exists already, or the same request is under way."""


class UnprocessableEntityError(APIStatusError):
    """422: understood, but not possible for this record."""


class RateLimitError(APIStatusError):
    """429: too many requests, or a limit of the account."""


class InternalServerError(APIStatusError):
    """500 and above: Sent failed."""


STATUS_ERRORS: Mapping[int, type[APIStatusError]] = MappingProxyType(
    {
        400: BadRequestError,
        401: AuthenticationError,
        403: PermissionDeniedError,
        404: NotFoundError,
        409: ConflictError,
        422: UnprocessableEntityError,
        429: RateLimitError,
    }
)


def status_error(status: int) -> type[APIStatusError]:
    """The class for a status; plain APIStatusError for one without its own, like 402."""
    return STATUS_ERRORS.get(status, InternalServerError if status >= 500 else APIStatusError)

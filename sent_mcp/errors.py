"""Everything that can go wrong, with the next step for whoever reads it.

    SentError                          code, message, details, request_id, retryable, advice
    ├── SettingsError                  nothing was sent: the setup is wrong
    ├── RefusedError                   refused here, before any request
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
import unicodedata
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

NOTHING_DONE = "Nothing was changed or sent."

_KEY = "Check the key in SENT_API_KEY or SENT_API_KEY_FILE; `sent-mcp doctor` tests it."
_SUPPORT = "Try again in a minute; if it stays, give Sent support the request id."
_ACCOUNT = "Only the account's owner can change this, in the Sent dashboard; no tool can."
_FIELDS = "Correct the named fields and call again."
_WAIT = "Wait as long as it says (else a minute), then call again with fewer requests."
_UNDELIVERED = "It was not delivered. find_contact_by_phone shows the number's channels."
_PROXY = "Check SENT_BASE_URL and any proxy in between; `sent-mcp doctor` tests them."

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "AUTH_001": _KEY,
        "AUTH_002": _KEY,
        "AUTH_003": "The key may not do this. " + _ACCOUNT,
        "AUTH_004": "The key lacks a permission, or SENT_PROFILE_ID is not one of its profiles.",
        "AUTH_005": "The account is not active yet. Wait for Sent to activate it; no tool can.",
        "AUTH_006": "Hand in the KYC documents in the Sent dashboard; no tool can do it.",
        "AUTH_007": "Set up a channel (a sender) in the Sent dashboard; no tool can do it.",
        "VALIDATION_001": _FIELDS,
        "VALIDATION_002": "Write the number with plus and country code, like +14155550101.",
        "VALIDATION_003": "Copy the id from what list_contacts or list_templates shows.",
        "VALIDATION_004": _FIELDS,
        "VALIDATION_005": "page: from 1; page_size: 1 to 100; scheduled_at: 1 minute to 30 days.",
        "VALIDATION_006": "Use a documented value, in lower case (channels: sms, whatsapp).",
        "VALIDATION_007": "The idempotency key was refused: a defect of this server; report it.",
        "RESOURCE_001": "Look the contact up with find_contact_by_phone or list_contacts.",
        "RESOURCE_002": "See which templates there are with list_templates.",
        "RESOURCE_003": "Check the message id; it stands in the answer of the send.",
        "RESOURCE_004": "Check SENT_PROFILE_ID and which account the key belongs to.",
        "RESOURCE_005": "Check SENT_PROFILE_ID and which organization the key belongs to.",
        "RESOURCE_006": "Check which user the key belongs to, in the Sent dashboard.",
        "RESOURCE_007": "It exists already: find_contact_by_phone shows it.",
        "RESOURCE_008": "Check the webhook's id in the Sent dashboard.",
        "RESOURCE_013": "Sent knows no such number. Check its digits and country code.",
        "BUSINESS_001": "The contact belongs to a parent account and can only be changed there.",
        "BUSINESS_002": _WAIT,
        "BUSINESS_003": "Top up the account's balance in the Sent dashboard, then call again.",
        "BUSINESS_004": "The contact has opted out. Do not write to it; get_contact shows it.",
        "BUSINESS_005": "Choose a template with status APPROVED from list_templates.",
        "BUSINESS_006": "It can no longer be changed; get_message shows the state it is in.",
        "BUSINESS_007": "get_contact shows the channels this contact has; choose one of them.",
        "BUSINESS_008": "The quota is used up; wait for its reset (look-ups: 00:00 UTC).",
        "BUSINESS_029": "Activate the sender number in the Sent dashboard; no tool can do it.",
        "LIMIT_001": "Too many messages are scheduled. Wait until some have gone out.",
        "CONFLICT_001": "The same request is still under way. Wait, then read what came of it.",
        "CONFLICT_005": "The idempotency key belongs to another request. Call again as a new one.",
        "CONFLICT_006": "The template is in review and frozen; list_templates shows its status.",
        "SERVICE_001": "Sent did not execute the request. Try again in a minute.",
        "INTERNAL_001": _SUPPORT,
        "INTERNAL_002": _SUPPORT,
        "INTERNAL_003": "A provider behind Sent failed. " + _SUPPORT,
        "INTERNAL_004": "Sent timed out. " + _SUPPORT,
        "INTERNAL_005": "Sent is unavailable. " + _SUPPORT,
        "DELIVERY_003": _UNDELIVERED,
        "DELIVERY_007": _UNDELIVERED,
        "ERR_CONSENT_BLOCKED": "The recipient has opted out. Do not write again.",
        "ERR_ROUTE_DENIED": "The account has no sender for this country. " + _ACCOUNT,
        "ERR_TEMPLATE_PARAMS_INVALID": "list_templates shows the variables it needs.",
        "MISSING_KEY": "Set SENT_API_KEY, or run `sent-mcp serve --demo`, which needs no key.",
        "PLACEHOLDER_KEY": "Put the real key in SENT_API_KEY, without quotes, spaces or ${...}.",
        "KEY_FILE": "SENT_API_KEY_FILE must name a file that can be read and holds only the key.",
        "SETTINGS": "Correct the setting and start again; `sent-mcp doctor` checks all of them.",
        "DAILY_LIMIT": "Wait, or let the operator raise SENT_MCP_MESSAGES_PER_DAY.",
        "NOT_ALLOWED": "Only the operator can change which recipients are allowed.",
        "STATE_UNAVAILABLE": "SENT_MCP_STATE must be a private file; reads go on.",
        "INVALID_ARGUMENTS": "Correct the arguments and call again.",
        "BUDGET_EXHAUSTED": "Wait as long as it says, then call again.",
        "CONNECTION_ERROR": _PROXY,
        "TIMEOUT": "Try again in a minute.",
        "UNREADABLE_ANSWER": _PROXY,
        "OUTCOME_UNKNOWN": (
            "Read before you repeat anything: get_contact or find_contact_by_phone for a contact,"
            " get_message with `to` for a message. Do not word a message anew: the identical"
            " send_message call is recognised and not sent twice."
        ),
    }
)
"""The next step by code: those of API §5, reasons of single messages, and our own.

Whatever a read can answer with never names a tool that changes something.
"""

_BY_STATUS = {
    401: _KEY,
    402: ADVICE["BUSINESS_003"],
    403: ADVICE["AUTH_003"],
    404: "Check the id; if every call says this, check SENT_BASE_URL.",
    408: ADVICE["TIMEOUT"],
    409: "Read the current state first, then decide.",
    429: _WAIT,
}
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_CODE = re.compile(r"[A-Z0-9_]{1,64}")
_MOST_FIELDS = 10


def quoted(text: str, limit: int = 200) -> str:
    """Text from outside in quotes, cut at `limit` characters, what is invisible made visible."""
    shown = "".join(_visible(character) for character in text[:limit])
    return f'"{shown}{"…" if len(text) > limit else ""}"'


def _visible(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == " ":
        return character
    if unicodedata.category(character)[0] in "CZ" or _INVISIBLE.match(character):
        return "\\n" if character == "\n" else f"\\u{{{ord(character):x}}}"
    return character


class SentError(Exception):
    """Anything that kept a call from being done: what it was, what was done, what to do next.

    `retryable`: the same call may succeed later. `maybe_done`: what was asked may have been
    executed although this came back; `after_doubt`: by an earlier attempt of the same call.
    `message` may be the API's own words: show `sentence` and `problems`, or the whole `str()`.
    `effect` says in words what was done. `should_retry` is Sent's own word (`x-should-retry`).
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
        self.should_retry: bool | None = None
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
        return [f"{field}: {' '.join(said)}" for field, said in self.details.items()]

    def __str__(self) -> str:
        sentence = self.sentence
        lines = [f"{self.code}: {sentence}" + ("" if sentence.endswith((".", "!", "?")) else ".")]
        lines += self.problems
        after = " ".join(part for part in (self.effect, self.advice) if part)
        text = ("\n" if self.problems else " ").join(["\n".join(lines), after])
        if self.request_id is None:
            return text
        return f"{text} (request {quoted(self.request_id, 80)[1:-1]})"


@contextmanager
def after(effect: str) -> Generator[None]:
    """Let an error from inside say first what was already done: "default_channel was changed."."""
    try:
        yield
    except SentError as error:
        error.effect = f"{effect} After that: {error.effect}"
        raise


class SettingsError(SentError):
    """Nothing was sent: the setup is wrong (MISSING_KEY, PLACEHOLDER_KEY, KEY_FILE, SETTINGS)."""

    def __init__(self, message: str, *, code: str = "MISSING_KEY") -> None:
        super().__init__(message, code=code)


class RefusedError(SentError):
    """Refused here, before any request (INVALID_ARGUMENTS, BUDGET_EXHAUSTED)."""

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
        self.cause_code = cause.code
        self.effect = f"It is not known whether the change was done.{' ' + found if found else ''}"


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
        known = ADVICE.get(self.code) or _BY_STATUS.get(self.status)
        return known or (_SUPPORT if self.status >= 500 else _FIELDS)

    @property
    def sentence(self) -> str:
        """The API's message in quotes, and how long Sent asks to wait."""
        wait = "" if self.retry_after is None else f" Sent asks to wait {self.retry_after:.3g} s."
        return quoted(self.message.removesuffix(".")) + "." + wait

    @property
    def problems(self) -> list[str]:
        """The API's field messages in quotes, of the first ten fields."""
        lines = [
            f"{quoted(field, 60)[1:-1]}: {' '.join(map(quoted, said[:3]))}"
            for field, said in self.details.items()
        ]
        left = len(lines) - _MOST_FIELDS
        return lines if left <= 0 else [*lines[:_MOST_FIELDS], f"and {left} more fields"]


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

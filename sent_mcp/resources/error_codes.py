"""What each error code means, whether anything was changed, and what to do; asks nobody."""

from collections.abc import Sequence

from mcp.server.caching import CacheHint
from pydantic import JsonValue

from sent_mcp.advice import ADVICE
from sent_mcp.errors import NOTHING_DONE, RefusedError, status_error
from sent_mcp.quoting import quoted
from sent_mcp.resources.catalogue import MEANINGS, MESSAGE_REASONS
from sent_mcp.resources.registry import Resource

_A_DAY = CacheHint(ttl_ms=86_400_000, scope="public")
_MAYBE = "A read changed nothing. A change may have been done: read again before repeating it."
_UNDELIVERED = "This one message was not delivered."
_IN_DOUBT = ("CONNECTION_ERROR", "TIMEOUT", "UNREADABLE_ANSWER", "OUTCOME_UNKNOWN")


async def _index(_: object, value: str) -> JsonValue:
    return {"errors": {code: meaning for code, (_, meaning) in MEANINGS.items()}}


async def _error(_: object, code: str) -> JsonValue:
    if code not in MEANINGS:
        raise RefusedError(f"there is no error code {quoted(code, 80)}", code="UNKNOWN_RESOURCE")
    status, meaning = MEANINGS[code]
    entry: dict[str, JsonValue] = {"code": code, "meaning": meaning}
    if status is not None:
        entry["http_status"] = status
    return {**entry, "changed": _changed(code, status), "advice": ADVICE[code]}


async def _codes(_: object, typed: str) -> Sequence[str]:
    begun = typed.strip().upper()
    return [code for code in MEANINGS if code.startswith(begun)]


def _changed(code: str, status: int | None) -> str:
    if code in MESSAGE_REASONS:
        return _UNDELIVERED
    in_doubt = code in _IN_DOUBT
    if status is not None:
        in_doubt = status_error(status)(status, "", code=code).maybe_done
    return _MAYBE if in_doubt else NOTHING_DONE


ERRORS = Resource[object](
    "sent://errors",
    "errors",
    "Error codes",
    "All error codes, with what each means.",
    _index,
    _A_DAY,
)
ERROR = Resource[object](
    "sent://errors/{code}",
    "error",
    "Error code",
    "What an error code like AUTH_002 means, whether anything was changed, what to do.",
    _error,
    _A_DAY,
    _codes,
)

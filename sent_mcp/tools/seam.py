"""Where the errors of tools change type: whatever is raised becomes what a model can read."""

import logging
import secrets
from collections.abc import Callable, Mapping
from string import ascii_lowercase

import anyio
import mcp_types as mcp
from mcp.shared.exceptions import MCPError
from pydantic import JsonValue

from sent_mcp.errors import NOTHING_DONE, SentError
from sent_mcp.guard import Asked, Guard, StateRejectedError, TimeLimit
from sent_mcp.guard.ask import FIELD
from sent_mcp.masking import mask_numbers
from sent_mcp.tools.registry import Call, Client, Limits, Tool
from sent_mcp.tools.results import ChangeResult, Result

_log = logging.getLogger("sent_mcp.tools")
_FORMATS = ("format_international", "format_national", "format_rfc")


async def answer(
    tool: Tool[Client],
    start: Callable[[TimeLimit], Call[Client]],
    limits: Limits,
    guard: Guard,
    given: Mapping[str, object],
) -> mcp.CallToolResult | mcp.InputRequiredResult:
    """Run one tool within its time; never an exception but cancellation, and MCPError for a state
    that was not made here: no user was asked, so there is no result to tell of.
    """
    try:
        with anyio.fail_after(limits.call_timeout) as scope:
            result = await tool.run(start(TimeLimit(scope)), guard, given)
    except StateRejectedError as error:
        text = failure(error, tool.offer.name, limits, read_only=tool.offer.read_only)
        raise MCPError(mcp.INVALID_PARAMS, text, {"code": error.code}) from None
    except Exception as error:  # noqa: BLE001  # the seam: a defect of ours must not end the server
        text = failure(error, tool.offer.name, limits, read_only=tool.offer.read_only)
        return mcp.CallToolResult(content=[mcp.TextContent(text=text)], is_error=True)
    return _form(result) if isinstance(result, Asked) else _result(result, limits.mask_phones)


def failure(error: Exception, name: str, limits: Limits, *, read_only: bool) -> str:
    """What a model may read of an error in what is called `name`; a defect is logged."""
    match error:
        case SentError():
            text = str(error)
        case TimeoutError():
            text = _took_too_long(limits, read_only=read_only)
        case _:
            text = _defect(name, error, read_only=read_only)
    return mask_numbers(text) if limits.mask_phones else text


def masked(value: JsonValue) -> JsonValue:
    """The same with every phone number masked, and without its other spellings."""
    if isinstance(value, str):
        return mask_numbers(value)
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in _FORMATS}
        return {mask_numbers(key): masked(each) for key, each in kept.items()}
    return value


def _form(asked: Asked) -> mcp.InputRequiredResult:
    """The question for the host's user, who reads it unmasked; the model does not."""
    requests: mcp.InputRequests = {FIELD: asked.form.request}
    return mcp.InputRequiredResult(input_requests=requests, request_state=asked.state)


def _took_too_long(limits: Limits, *, read_only: bool) -> str:
    done = NOTHING_DONE
    if not read_only:
        done = "It is not known whether anything was changed: read the current state first."
    return f"TIMEOUT: no result within {limits.call_timeout:g} s. {done}"


def _defect(name: str, error: Exception, *, read_only: bool) -> str:
    # Letters only: in the log a row of digits would be masked as a phone number.
    error_id = "".join(secrets.choice(ascii_lowercase) for _ in range(8))
    _log.error("error %s in %s", error_id, name, exc_info=error)
    done = NOTHING_DONE if read_only else "Read the current state before repeating it."
    return f"INTERNAL: a defect of sent-mcp, error {error_id} in its log on stderr. {done}"


def _result(result: Result, mask_phones: bool) -> mcp.CallToolResult:
    if mask_phones:
        result = _callable(result)
    text, structured = result.text(), result.structured()
    if mask_phones:
        text, structured = _masked_text(text), masked(structured)
    return mcp.CallToolResult(content=[mcp.TextContent(text=text)], structured_content=structured)


def _callable(result: Result) -> Result:
    """Without a next call that masking would spoil: a masked number is refused as an argument."""
    if result.next is None or mask_numbers(result.next) == result.next:
        return result
    token = result.confirmation_token if isinstance(result, ChangeResult) else None
    repeat = f'the same call with confirmation_token="{token}"' if token else None
    return result.model_copy(update={"next": repeat})


def _masked_text(text: str) -> str:
    lines = (line for line in text.splitlines() if not line.startswith(_FORMATS))
    return mask_numbers("\n".join(lines))

"""Where the errors of everything but tools change type: these have no result that tells of one.

Reading a resource and asking for a prompt end in a JSON-RPC error, with the words a tool has for
it. Completion ends in nothing: a list of suggestions must not get in the way of typing.
"""

from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager

import anyio
import mcp_types as mcp
from mcp.shared.exceptions import MCPError
from pydantic import JsonValue

from sent_mcp.errors import BadRequestError, SentError
from sent_mcp.guard.ask import MODERN
from sent_mcp.masking import mask_numbers
from sent_mcp.tools.registry import Limits
from sent_mcp.tools.seam import failure

RESOURCE_NOT_FOUND = -32002
"""Until 2025-11-25 (MCP, resources, error handling); since then it is `Invalid params`."""
COMPLETION_SECONDS = 3.0
"""Nobody waits longer while typing."""
_NOT_FOUND = ("RESOURCE_001", "VALIDATION_003", "UNKNOWN_RESOURCE")
"""An id that Sent does not take is nobody's either."""
_WRONGLY_ASKED = ("INVALID_ARGUMENTS", "UNKNOWN_PROMPT")


def not_found(protocol_version: str) -> int:
    """The code of an error that says that there is no such resource."""
    return mcp.INVALID_PARAMS if protocol_version >= MODERN else RESOURCE_NOT_FOUND


@contextmanager
def protocol_errors(
    name: str, limits: Limits, *, missing: int = mcp.INVALID_PARAMS, uri: str | None = None
) -> Generator[None]:
    """Inside, there is the time of one call, and every error becomes one of the protocol's.

    `name` stands in the log if it is a defect, `missing` is the code where something is not there,
    which is told with the `uri` it was looked for at.
    """
    try:
        with anyio.fail_after(limits.call_timeout):
            yield
    except Exception as error:  # noqa: BLE001  # the seam: a defect of ours must not end the server
        text = failure(error, name, limits, read_only=True)
        data: dict[str, JsonValue] = {}
        if isinstance(error, SentError):
            data["code"] = error.code
            if uri is not None and error.code in _NOT_FOUND:
                data["uri"] = mask_numbers(uri) if limits.mask_phones else uri
        raise MCPError(code=_code(error, missing), message=text, data=data or None) from None


async def or_nothing(found: Awaitable[Sequence[str]], name: str, limits: Limits) -> Sequence[str]:
    """What is found in a moment, and nothing if that fails; a defect is logged."""
    try:
        with anyio.fail_after(COMPLETION_SECONDS):
            return await found
    except Exception as error:  # noqa: BLE001  # the same seam
        failure(error, name, limits, read_only=True)
        return ()


def _code(error: Exception, missing: int) -> int:
    if not isinstance(error, SentError):
        return mcp.INTERNAL_ERROR
    if error.code in _NOT_FOUND:
        return missing
    wrongly_asked = isinstance(error, BadRequestError) or error.code in _WRONGLY_ASKED
    return mcp.INVALID_PARAMS if wrongly_asked else mcp.INTERNAL_ERROR

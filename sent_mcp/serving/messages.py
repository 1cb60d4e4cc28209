"""A line becomes a message or a refusal that says why not; a message becomes a line."""

import json
from collections.abc import Mapping
from typing import cast

import mcp_types as mcp
from mcp.shared.dispatcher import as_request_id
from pydantic import ValidationError
from pydantic_core import from_json

from sent_mcp.serving.lines import MOST_BYTES

_NOT_JSON = "Not JSON in UTF-8. Send one message per line, without a byte order mark."
_TOO_LONG = f"The line is longer than {MOST_BYTES} bytes. Send less in one message."
_SURROGATE = "The text holds half a surrogate pair as an escape. Send whole characters."
_BATCH = "Batches are not supported. Send each message on a line of its own."
_NO_OBJECT = "A message is a JSON object. Send one object per line."
_NO_METHOD = 'The message has neither "method" nor "result" nor "error". Send one of them.'
_VERSION = 'The message is not JSON-RPC 2.0. Send "jsonrpc": "2.0" with it.'
_METHOD = '"method" must be a string.'
_ID = '"id" must be a string or an integer. Leave it out in a notification.'
_PARAMS = '"params" must be an object. Leave it out where there are none.'
_RESPONSE = 'A response has an "id" and either an object as "result" or an "error".'
_UNSENDABLE = "The answer cannot be written as JSON. This is a defect of the server."
_CANNOT_WRITE = (ValueError, TypeError, RecursionError)


class RefusedError(Exception):
    """A line that is no message. Its text says what is wrong and what to do, never what came.

    `code` is -32700 for what is no JSON and -32600 for what is no message (JSON-RPC 2.0, 5.1).
    """

    def __init__(self, code: int, text: str, request_id: mcp.RequestId | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.request_id = request_id

    @property
    def line(self) -> bytes:
        """What the client is told. An id only where it asked something: it looks like an answer."""
        return encoded(error_for(self.request_id, self.code, str(self)))


def parsed(line: bytes | None) -> mcp.JSONRPCMessage:
    """The message in a line; None is one that was too long. Raises RefusedError."""
    if line is None:
        raise RefusedError(mcp.INVALID_REQUEST, _TOO_LONG)
    value = _value(line)
    if not isinstance(value, dict):
        text = _BATCH if isinstance(value, list) else _NO_OBJECT
        raise RefusedError(mcp.INVALID_REQUEST, text)
    message = cast("dict[str, object]", value)
    return _asked(message) if "method" in message else _answered(message)


def encoded(message: mcp.JSONRPCMessage) -> bytes:
    """The line of a message, which the end belongs to. Raises ValueError where there is none."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except _CANNOT_WRITE as error:
        raise ValueError(type(error).__name__) from error


def apology(message: mcp.JSONRPCMessage) -> bytes:
    """What is sent for an answer that cannot be; nothing for what nobody waits for."""
    if not isinstance(message, mcp.JSONRPCResponse | mcp.JSONRPCError):
        return b""
    return encoded(error_for(message.id, mcp.INTERNAL_ERROR, _UNSENDABLE))


def error_for(request_id: mcp.RequestId | None, code: int, text: str) -> mcp.JSONRPCError:
    """An error in the answer's place."""
    error = mcp.ErrorData(code=code, message=text)
    return mcp.JSONRPCError(jsonrpc="2.0", id=request_id, error=error)


def _value(line: bytes) -> object:
    try:
        return from_json(line, allow_inf_nan=False)
    except ValueError:
        pass
    # RFC 8259, 8.2: half a pair is JSON, but no text that could be passed on.
    try:
        value: object = json.loads(line.decode()) if b"\\ud" in line.lower() else None
    except (ValueError, RecursionError):
        value = None
    if value is None:
        raise RefusedError(mcp.PARSE_ERROR, _NOT_JSON)
    raise RefusedError(mcp.INVALID_REQUEST, _SURROGATE, _id_to_echo(value))


def _asked(message: Mapping[str, object]) -> mcp.JSONRPCRequest | mcp.JSONRPCNotification:
    wrong = _wrong_in(message)
    if wrong:
        raise RefusedError(mcp.INVALID_REQUEST, wrong, _id_to_echo(message))
    kind = mcp.JSONRPCRequest if "id" in message else mcp.JSONRPCNotification
    return kind.model_validate(message)


def _wrong_in(message: Mapping[str, object]) -> str | None:
    """JSON-RPC 2.0, 4, and stricter where MCP is: no id of null, only named parameters."""
    if message.get("jsonrpc") != "2.0":
        return _VERSION
    if not isinstance(message["method"], str):
        return _METHOD
    if "id" in message and as_request_id(message["id"]) is None:
        return _ID
    # The SDK takes null for none, and so clients send it.
    return None if isinstance(message.get("params"), dict | None) else _PARAMS


def _answered(message: Mapping[str, object]) -> mcp.JSONRPCResponse | mcp.JSONRPCError:
    if "result" not in message and "error" not in message:
        raise RefusedError(mcp.INVALID_REQUEST, _NO_METHOD)
    kind = mcp.JSONRPCResponse if "result" in message else mcp.JSONRPCError
    try:
        return kind.model_validate(message)
    except ValidationError:
        raise RefusedError(mcp.INVALID_REQUEST, _RESPONSE) from None


def _id_to_echo(value: object) -> mcp.RequestId | None:
    if not isinstance(value, Mapping) or "method" not in value:
        return None
    found = as_request_id(cast("Mapping[str, object]", value).get("id"))
    whole = not isinstance(found, str) or found.encode(errors="ignore").decode() == found
    return found if whole else None

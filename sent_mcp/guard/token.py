"""Confirmation tokens: the approved action in words, an id, and a signature over both.

`delete +14155550106 cf_…`: the words come first because in hosts without forms a person sees only
the arguments of the second call. The signature also covers tool, arguments, account and caller.
The sealed state of a question in a host's form is the same without words, and neither passes for
the other.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence

from pydantic import JsonValue

ID_BYTES, MAC_BYTES = 9, 16
_MARK = " cf_"
_FORM_MARK = "form_"


def new_approval_id() -> str:
    """An id nobody can guess."""
    return secrets.token_hex(ID_BYTES)


def digest(secret: bytes, *parts: JsonValue) -> str:
    """HMAC of any JSON values, hexadecimal; equal for equal values however they were spelled."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def mint(secret: bytes, action: str, approval_id: str, bound_to: Sequence[JsonValue]) -> str:
    """The token for one approval."""
    return f"{action}{_MARK}{_packed(secret, ['confirm/v1', action], approval_id, bound_to)}"


def read(secret: bytes, token: str, bound_to: Sequence[JsonValue]) -> str | None:
    """The approval id in a token that was made here for exactly this; else None."""
    action, mark, packed = token.strip().rpartition(_MARK)
    approval_id = _approval_id(packed)
    if not mark or approval_id is None:
        return None
    return (
        approval_id if _same(token.strip(), mint(secret, action, approval_id, bound_to)) else None
    )


def seal(secret: bytes, approval_id: str, bound_to: Sequence[JsonValue]) -> str:
    """The state that comes back with the answer to a form (MCP 2026-07-28, `requestState`)."""
    return f"{_FORM_MARK}{_packed(secret, ['form/v1'], approval_id, bound_to)}"


def unseal(secret: bytes, state: str, bound_to: Sequence[JsonValue]) -> str | None:
    """The approval id in a state that was sealed here for exactly this; else None."""
    approval_id = _approval_id(state.removeprefix(_FORM_MARK))
    if approval_id is None:
        return None
    return approval_id if _same(state, seal(secret, approval_id, bound_to)) else None


def _packed(
    secret: bytes, purpose: list[str], approval_id: str, bound_to: Sequence[JsonValue]
) -> str:
    signed = digest(secret, list[JsonValue](purpose), approval_id, list(bound_to))
    raw = bytes.fromhex(approval_id) + bytes.fromhex(signed)[:MAC_BYTES]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _approval_id(packed: str) -> str | None:
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw[:ID_BYTES].hex() if len(raw) == ID_BYTES + MAC_BYTES else None


def _same(given: str, expected: str) -> bool:
    # The whole text is compared: base64 has several spellings of the same bytes.
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")

"""Confirmation tokens: the approved action in words, an id, and a signature over both.

`delete +14155550106 cf_…`: the words come first because in hosts without forms a person sees only
the arguments of the second call. The signature also covers tool, arguments and caller.
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


def new_approval_id() -> str:
    """An id nobody can guess."""
    return secrets.token_hex(ID_BYTES)


def digest(secret: bytes, *parts: JsonValue) -> str:
    """HMAC of any JSON values, hexadecimal; equal for equal values however they were spelled."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def mint(secret: bytes, action: str, approval_id: str, bound_to: Sequence[JsonValue]) -> str:
    """The token for one approval."""
    mac = _mac(secret, action, approval_id, bound_to)
    packed = base64.urlsafe_b64encode(bytes.fromhex(approval_id) + mac).decode().rstrip("=")
    return f"{action}{_MARK}{packed}"


def read(secret: bytes, token: str, bound_to: Sequence[JsonValue]) -> str | None:
    """The approval id in a token that was made here for exactly this; else None."""
    action, mark, packed = token.strip().rpartition(_MARK)
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if not mark or len(raw) != ID_BYTES + MAC_BYTES:
        return None
    approval_id = raw[:ID_BYTES].hex()
    # The whole text is compared: base64 has several spellings of the same bytes.
    expected = mint(secret, action, approval_id, bound_to)
    return approval_id if hmac.compare_digest(_bytes(token.strip()), _bytes(expected)) else None


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _mac(secret: bytes, action: str, approval_id: str, bound_to: Sequence[JsonValue]) -> bytes:
    return bytes.fromhex(digest(secret, "confirm/v1", action, approval_id, list(bound_to)))[
        :MAC_BYTES
    ]

"""Who is calling: the key, and the profile the request is scoped to (API §1)."""

import hmac
import re

from starlette.datastructures import Headers

from sent_mcp.emulator.account import ACCOUNT_ID, PROFILES
from sent_mcp.emulator.envelope import Refusal

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its usual form, in either case."""
    return _UUID.fullmatch(text.lower()) is not None


def is_key(given: str, expected: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def authenticate(headers: Headers, api_key: str) -> str:
    """The customer a v3 request acts for: the account, or one of its profiles."""
    given = headers.get("x-api-key")
    if not given:
        raise Refusal(401, "AUTH_001", "User is not authenticated")
    if not is_key(given, api_key):
        raise Refusal(401, "AUTH_002", "Invalid or missing API key")
    profile_id = headers.get("x-profile-id")
    if profile_id is None:
        return ACCOUNT_ID
    if not is_uuid(profile_id):
        raise Refusal(400, "VALIDATION_003", "Invalid GUID format")
    if profile_id.lower() not in PROFILES:
        raise Refusal(404, "RESOURCE_004", "Customer not found")
    return profile_id.lower()

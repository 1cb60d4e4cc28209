"""What an answer to the key means, and what is no answer of Sent at all (API §5)."""

import json
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

from sent_mcp.cli.doctor.findings import Check
from sent_mcp.cli.doctor.secrets import without_numbers
from sent_mcp.client.answers import RawAnswer
from sent_mcp.client.once import Heard
from sent_mcp.errors import APIStatusError, SentError, UnreadableAnswerError
from sent_mcp.models.account import Account
from sent_mcp.quoting import delimited, named, quoted
from sent_mcp.settings import Settings

_EMPTY_REFUSALS = (401, 403)
_ELSEWHERE = (
    "Correct SENT_BASE_URL (Sent's own is the default); a network may also answer with a page of"
    " its own until somebody logs in."
)
_LATER = "Try again in a minute; if it stays, check SENT_BASE_URL and any proxy in between."
_DASHBOARD = "in the Sent dashboard"
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "AUTH_001": (
        "Sent saw no key in the request",
        "Look for a proxy that takes the header x-api-key away; the key itself was sent.",
    ),
    "AUTH_002": (
        "Sent does not know this key: it is mistyped, replaced or expired",
        f"Copy the key {_DASHBOARD} once more. Do not just try again: Sent locks a key after ten"
        " failures.",
    ),
    "AUTH_003": (
        "The key is right, but may not do this",
        f"Let the account's owner allow API access, or make a new key, {_DASHBOARD}.",
    ),
    "AUTH_004": (
        "The key is right, but lacks a permission, or SENT_PROFILE_ID is not one of its profiles",
        f"Unset or correct SENT_PROFILE_ID, or give the key its permissions {_DASHBOARD}.",
    ),
    "AUTH_005": (
        "The key is right, but the account is not active yet",
        "Wait until Sent has activated the account, or ask their support.",
    ),
    "AUTH_006": (
        "The key is right, but the account's identity was not verified yet (KYC)",
        f"Hand in the KYC documents {_DASHBOARD}.",
    ),
    "AUTH_007": (
        "The key is right, but the account has no channel to send on",
        f"Set up a channel (a sender) {_DASHBOARD}.",
    ),
    "VALIDATION_003": (
        "Sent cannot read an id in the request: SENT_PROFILE_ID must be a UUID",
        f"Copy the profile's id {_DASHBOARD}, or unset SENT_PROFILE_ID.",
    ),
    "RESOURCE_004": (
        "The key is right, but no profile has the id in SENT_PROFILE_ID",
        f"Copy the profile's id {_DASHBOARD}, or unset SENT_PROFILE_ID.",
    ),
    "BUSINESS_002": (
        "Sent takes no more requests for a while (its rate limit)",
        "Wait a minute, and look for what else uses this key.",
    ),
}
_LOCKED = (
    "Sent has locked this key, after too many failures",
    "Stop whatever uses a wrong key, wait, and try once: each failure makes the lock longer.",
)
_FAILED = ("Sent failed", "Try again in a minute; if it stays, give Sent support the request id.")


def not_sents(heard: Heard, host: str) -> Check | None:
    """The finding for an answer that cannot be the API's: a redirect, a page, anything else."""
    raw = heard.raw
    if 300 <= raw.status < 400:
        target = _host_in(raw.headers.get("location", ""))
        where = f" to {named(target, 80)}" if target else ""
        said = f"{host} redirects{where} instead of answering (status {raw.status})."
        return Check("reachability", "wrong", said, _ELSEWHERE)
    if _is_object(raw) and not isinstance(heard.error, UnreadableAnswerError):
        return None
    if not raw.body and raw.status in _EMPTY_REFUSALS:
        return None
    said = f"{host} answers with {_kind(raw)}, not as Sent's API does (status {raw.status})."
    passing = raw.status == 429 or raw.status >= 500
    return Check("reachability", "wrong", said, _LATER if passing else _ELSEWHERE)


def key_check(heard: Heard, settings: Settings) -> Check:
    """What Sent says to the key."""
    if heard.error is not None:
        return _refused(heard.error)
    if heard.account is None:
        return Check("account", "ok", "Sent takes the key and the sender id (v1).")
    return _account(heard.account, settings)


def _refused(error: SentError) -> Check:
    meaning, advice = _meaning(error)
    wait = error.retry_after if isinstance(error, APIStatusError) else None
    if wait is not None:
        advice = f"Wait {wait:.0f} seconds, as Sent asks, then try again."
    words = without_numbers(quoted(error.message.removesuffix("."), 120))
    told = f"{error.code}: {words}"
    if error.request_id is not None:
        told += f", request {delimited(error.request_id)}"
    return Check("account", "wrong", f"{meaning} ({told}).", advice)


def _meaning(error: SentError) -> tuple[str, str]:
    if error.code.startswith("AUTH_") and "locked" in error.message.lower():
        return _LOCKED
    known = _REFUSALS.get(error.code)
    if known is not None:
        return known
    status = error.status if isinstance(error, APIStatusError) else 0
    if status == 429:
        return _REFUSALS["BUSINESS_002"]
    if status >= 500:
        return _FAILED
    if status in _EMPTY_REFUSALS:
        return _REFUSALS["AUTH_002" if status == 401 else "AUTH_003"]
    return "Sent refuses the request", error.advice


def _account(account: Account, settings: Settings) -> Check:
    name = without_numbers(quoted(account.name or "without a name", 80))
    kind = named(account.type or "account", 20)
    scope = " (SENT_PROFILE_ID)" if settings.profile_id else ""
    said = f"Sent takes the key: {kind} {name}{scope}"
    channels = _channels(account)
    if channels:
        return Check("account", "ok", f"{said}, which can send on {', '.join(channels)}.")
    if account.channels is None:
        return Check("account", "ok", f"{said}.")
    return Check(
        "account",
        "warning",
        f"{said}, which has no channel to send on yet.",
        f"Set up a channel (a sender) {_DASHBOARD} before the first message.",
    )


def _channels(account: Account) -> list[str]:
    if account.channels is None:
        return []
    found = {
        "SMS": account.channels.sms,
        "WhatsApp": account.channels.whatsapp,
        "RCS": account.channels.rcs,
    }
    return [name for name, channel in found.items() if channel and channel.configured]


def _host_in(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_object(raw: RawAnswer) -> bool:
    try:
        return isinstance(cast("object", json.loads(raw.body)), dict)
    except (ValueError, RecursionError):
        return False


def _kind(raw: RawAnswer) -> str:
    if not raw.body:
        return "nothing at all"
    if "html" in raw.content_type.lower():
        return "a web page"
    return f"something else ({named(raw.content_type, 60)})"

"""The decision about one message at its release: which channel, and whether it goes at all.

Sends are accepted with 202 and decided per message afterwards (API §3.7, §15 row 12).
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from sent_mcp.emulator.account import SENDER
from sent_mcp.emulator.clock import moment, wire
from sent_mcp.emulator.contact_records import ContactRow
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.phones import channels_of
from sent_mcp.emulator.sending import AUTO
from sent_mcp.emulator.templates import TemplateRow, missing_parameters

_WINDOW = timedelta(hours=24)

INBOUND_SINCE = """
SELECT count(*) AS total FROM messages
WHERE contact_id = :contact_id AND direction = 'inbound' AND channel = 'whatsapp'
  AND created_at BETWEEN :oldest AND :now
"""


class SendRequest(TypedDict):
    """The part of a send that is still needed when a scheduled message is released."""

    parameters: dict[str, str]
    senders: dict[str, list[str]]
    media_urls: list[str]


@dataclass(frozen=True)
class Decision:
    """The channel, and the outcome when the message does not go its normal course."""

    channel: str
    outcome: str | None = None
    reason_code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Release:
    """Everything a decision depends on."""

    database: Database
    contact: ContactRow
    template: TemplateRow | None
    requested_channel: str
    request: SendRequest
    now: str


def decide(release: Release) -> Decision:
    """Consent first, then the account's own preconditions, then what can fail on the way."""
    channel = _channel(release)
    problem = (
        _filtered(release)
        or _blocked(release, channel)
        or _failed(release, channel)
        or (None, None, None)
    )
    return Decision(channel, *problem)


Problem = tuple[str, str, str]


def _filtered(release: Release) -> Problem | None:
    if release.contact["opt_out"]:
        return "FILTERED", "BUSINESS_004", "Contact has opted out of messaging"
    return None


def _blocked(release: Release, channel: str) -> Problem | None:
    template = release.template
    if template is not None and template["status"] != "APPROVED":
        return "BLOCKED", "BUSINESS_005", "Template not approved for sending"
    if template is not None and channel not in _renders_on(template):
        return "BLOCKED", "BUSINESS_005", f"Template not approved for sending on {channel}"
    if template is None and channel == "whatsapp" and not _conversation_open(release):
        # No code is documented for this; the number is one of those seen (API §5, §16.22).
        return "BLOCKED", "DELIVERY_007", "Free-form content needs an open conversation"
    if any(sender != SENDER for sender in release.request["senders"].get(channel, [])):
        return "BLOCKED", "BUSINESS_029", "Sender number is not active on this account"
    return None


def _failed(release: Release, channel: str) -> Problem | None:
    template = release.template
    missing = missing_parameters(template, release.request["parameters"]) if template else []
    if missing:
        return (
            "FAILED",
            "ERR_TEMPLATE_PARAMS_INVALID",
            f"Missing template parameters: {', '.join(missing)}",
        )
    reachable = _reachable(release.contact)
    if reachable and ("sms" if channel == "mms" else channel) not in reachable:
        return "FAILED", "BUSINESS_007", "Channel not available for this contact"
    return None


def _channel(release: Release) -> str:
    """The requested channel, or for `sent` the best of those the contact and the content have.

    The contact's default first, then WhatsApp, then SMS (API §9); attachments make it an MMS.
    """
    if release.requested_channel != AUTO:
        return release.requested_channel
    if release.request["media_urls"]:
        return "mms"
    reachable = _reachable(release.contact) or ["sms"]
    candidates = [channel for channel in reachable if _can_carry(release, channel)]
    for preferred in (release.contact["default_channel"], "whatsapp", "sms"):
        if preferred in candidates:
            return preferred
    return candidates[0] if candidates else release.contact["default_channel"]


def _can_carry(release: Release, channel: str) -> bool:
    if release.template is not None:
        return channel in _renders_on(release.template)
    return channel != "whatsapp" or _conversation_open(release)


def _renders_on(template: TemplateRow) -> list[str]:
    channels: list[str] = json.loads(template["channels"])
    # MMS reads the SMS body when it has none of its own.
    return [*channels, "mms"] if "sms" in channels else channels


def _reachable(contact: ContactRow) -> list[str]:
    """Where the number can be reached, known to the record already or not."""
    known = contact["available_channels"]
    if contact["channels_due_at"]:
        known = channels_of(contact["format_e164"])
    return known.split(",") if known else []


def _conversation_open(release: Release) -> bool:
    oldest = wire(moment(release.now) - _WINDOW)
    values = {"contact_id": release.contact["id"], "oldest": oldest, "now": release.now}
    return release.database.count(INBOUND_SINCE, values) > 0

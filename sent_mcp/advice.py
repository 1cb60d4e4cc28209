"""What to do next, by error code: the texts that a model reads after every error."""

from collections.abc import Mapping
from types import MappingProxyType

_KEY = (
    "Check the key in SENT_API_KEY or SENT_API_KEY_FILE (`sent-mcp doctor` tests it), or the one"
    " you brought over HTTP."
)
_SUPPORT = "Try again in a minute; if it stays, give Sent support the request id."
_ACCOUNT = "Only the account's owner can change this, in the Sent dashboard; no tool can."
_FIELDS = "Correct the named fields and call again."
_WAIT = "Wait as long as it says (else a minute), then call again with fewer requests."
_UNDELIVERED = "It was not delivered. find_contact_by_phone shows the number's channels."
_PROXY = "Whoever runs this server: check SENT_BASE_URL and any proxy in between."

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "AUTH_001": _KEY,
        "AUTH_002": _KEY,
        "AUTH_003": "The key may not do this. " + _ACCOUNT,
        "AUTH_004": "The key lacks a permission, or has no profile like SENT_PROFILE_ID"
        " (over HTTP: x-profile-id).",
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
        "RESOURCE_004": "Check SENT_PROFILE_ID (over HTTP: x-profile-id) and whose the key is.",
        "RESOURCE_005": "Check SENT_PROFILE_ID (over HTTP: x-profile-id) and whose the key is.",
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
        "PLACEHOLDER_KEY": "Put the real key in its place, without quotes, spaces or ${...}.",
        "KEY_FILE": "SENT_API_KEY_FILE must name a file that can be read and holds only the key.",
        "KEY_CHANGED": "Call again, to begin anew with the key there is now.",
        "SETTINGS": "Correct the setting and start again.",
        "DAILY_LIMIT": "Wait, or let the operator raise SENT_MCP_MESSAGES_PER_DAY.",
        "NOT_ALLOWED": "Only the operator can change which recipients are allowed.",
        "SENT_MEANWHILE": "Call again without a token, to be asked with what is known now.",
        "STATE_REJECTED": "The same call without requestState asks the user anew.",
        "STATE_UNAVAILABLE": "The operator must see to SENT_MCP_STATE: a private file, or a Redis."
        " Reads go on.",
        "UNKNOWN_IMPORT": "Call again with the list; what is a contact by now stays as it is.",
        "IMPORT_BUSY": "Wait a minute, then call again.",
        "UNKNOWN_RESOURCE": "resources/list and resources/templates/list show which there are.",
        "UNKNOWN_PROMPT": "prompts/list shows which there are.",
        "INVALID_ARGUMENTS": "Correct the arguments and call again.",
        "BUDGET_EXHAUSTED": "Wait as long as it says, then call again.",
        "CONNECTION_ERROR": _PROXY,
        "TIMEOUT": "Try again in a minute.",
        "UNREADABLE_ANSWER": _PROXY,
        "OUTCOME_UNKNOWN": (
            "Read before you repeat anything: get_contact or find_contact_by_phone for a contact,"
            " the Sent dashboard for a message."
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


def advice_on_status(status: int) -> str:
    """The next step for an HTTP error whose code is not in the table."""
    return _BY_STATUS.get(status) or (_SUPPORT if status >= 500 else _FIELDS)

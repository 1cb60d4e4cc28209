"""What every error code means, and the HTTP status it comes with (API §5)."""

from collections.abc import Mapping
from types import MappingProxyType

Meaning = tuple[int | None, str]

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "AUTH_001": (401, "No API key was sent."),
        "AUTH_002": (401, "The API key is wrong or expired."),
        "AUTH_003": (403, "The key may not do this."),
        "AUTH_004": (403, "The key lacks a permission for this, or access to the profile."),
        "AUTH_005": (403, "The account is not active yet."),
        "AUTH_006": (403, "The account's KYC verification is not complete."),
        "AUTH_007": (403, "The account has no channel to send on."),
        "VALIDATION_001": (400, "The request is not valid; details name the fields."),
        "VALIDATION_002": (400, "The phone number's format is not valid."),
        "VALIDATION_003": (400, "The id's format is not valid."),
        "VALIDATION_004": (400, "A required field is missing."),
        "VALIDATION_005": (400, "A value is out of its range."),
        "VALIDATION_006": (400, "A value is none of those that are allowed."),
        "VALIDATION_007": (400, "The idempotency key's format is not valid."),
        "RESOURCE_001": (404, "There is no such contact."),
        "RESOURCE_002": (404, "There is no such template."),
        "RESOURCE_003": (404, "There is no such message."),
        "RESOURCE_004": (404, "There is no such customer or profile."),
        "RESOURCE_005": (404, "There is no such organization."),
        "RESOURCE_006": (404, "There is no such user."),
        "RESOURCE_007": (409, "It exists already."),
        "RESOURCE_008": (404, "There is no such webhook."),
        "RESOURCE_013": (404, "The number that was looked up does not exist or is not valid."),
        "BUSINESS_001": (422, "The contact is inherited and cannot be changed here."),
        "BUSINESS_002": (429, "Sent's rate limit is exceeded."),
        "BUSINESS_003": (422, "The account's balance is too low."),
        "BUSINESS_004": (422, "The contact has opted out of messages."),
        "BUSINESS_005": (422, "The template is not approved for sending."),
        "BUSINESS_006": (422, "The message cannot be changed in its present state."),
        "BUSINESS_007": (422, "The contact does not have this channel."),
        "BUSINESS_008": (422, "A quota of the account would be exceeded."),
        "BUSINESS_029": (None, "The sender number is not active."),
        "LIMIT_001": (429, "Too many messages are scheduled."),
        "CONFLICT_001": (409, "The same request is still under way."),
        "CONFLICT_005": (409, "The idempotency key was used for another request."),
        "CONFLICT_006": (409, "The template is in review and frozen."),
        "SERVICE_001": (503, "Sent's idempotency store is down; the request was not executed."),
        "INTERNAL_001": (500, "Sent met an unexpected error."),
        "INTERNAL_002": (500, "Sent's database failed."),
        "INTERNAL_003": (502, "A provider behind Sent failed."),
        "INTERNAL_004": (504, "Sent timed out."),
        "INTERNAL_005": (503, "Sent is unavailable."),
        "DELIVERY_003": (None, "The message was accepted and could not be delivered."),
        "DELIVERY_007": (None, "The message was accepted and could not be delivered."),
        "ERR_CONSENT_BLOCKED": (None, "The recipient has opted out."),
        "ERR_ROUTE_DENIED": (None, "The account has no sender for the recipient's country."),
        "ERR_TEMPLATE_PARAMS_INVALID": (None, "The template's values were not right."),
        "MISSING_KEY": (None, "This server has no API key."),
        "PLACEHOLDER_KEY": (None, "The API key is a placeholder that nobody has replaced."),
        "KEY_FILE": (None, "The file with the API key cannot be used."),
        "KEY_CHANGED": (None, "The API key was changed in the middle of the work."),
        "SETTINGS": (None, "A setting of this server is wrong."),
        "DAILY_LIMIT": (None, "The operator's limit of messages a day is reached."),
        "NOT_ALLOWED": (None, "The operator does not allow this recipient."),
        "SENT_MEANWHILE": (None, "The same was sent while this send was asked about."),
        "STATE_UNAVAILABLE": (None, "The state store, which changes need, cannot be used."),
        "UNKNOWN_IMPORT": (None, "There is no such import, or no longer."),
        "IMPORT_BUSY": (None, "Another call is working on this import."),
        "UNKNOWN_RESOURCE": (None, "There is no resource with this address."),
        "UNKNOWN_PROMPT": (None, "There is no prompt with this name."),
        "INVALID_ARGUMENTS": (None, "The arguments were refused here, before Sent was asked."),
        "BUDGET_EXHAUSTED": (None, "This server's own budget of requests a minute is used up."),
        "CONNECTION_ERROR": (None, "Sent could not be reached, or did not answer."),
        "TIMEOUT": (None, "There was no answer in time."),
        "UNREADABLE_ANSWER": (None, "The answer is not what Sent documents."),
        "OUTCOME_UNKNOWN": (None, "No usable answer came back to a change."),
    }
)
"""Codes of the API in its order, reasons of single messages, and our own; no status: not an answer
of its own."""

MESSAGE_REASONS = (
    "BUSINESS_029",
    "DELIVERY_003",
    "DELIVERY_007",
    "ERR_CONSENT_BLOCKED",
    "ERR_ROUTE_DENIED",
    "ERR_TEMPLATE_PARAMS_INVALID",
)
"""Those that stand at a message which Sent had accepted."""

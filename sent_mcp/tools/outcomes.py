"""How a call ended, for whoever counts."""

from collections.abc import Mapping

import mcp_types as mcp

from sent_mcp.observing import Outcome

_OF_STATUS: Mapping[object, Outcome] = {
    "confirmation_required": "asked",
    "declined": "declined",
    "expired": "declined",
    "token_rejected": "declined",
    "cannot_confirm": "declined",
    "outcome_unknown": "in_doubt",
}


def outcome_of(result: mcp.CallToolResult | mcp.InputRequiredResult) -> Outcome:
    """`ok` for whatever is none of the others, dry runs included."""
    if isinstance(result, mcp.InputRequiredResult):
        return "asked"
    if result.is_error:
        return "error"
    structured: Mapping[str, object] = result.structured_content or {}
    return _OF_STATUS.get(structured.get("status"), "ok")

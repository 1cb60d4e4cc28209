"""What must outlive a call: the signing secret, approvals, and what was done in the last 24 hours.

It holds no text and no phone number, only ids, times and HMACs.
"""

from sent_mcp.state.sqlite import SqliteState
from sent_mcp.state.sqlite_schema import APPLICATION_ID, SCHEMA_VERSION
from sent_mcp.state.store import (
    KEPT_SECONDS,
    KEY_SECONDS,
    MEMORY,
    MOST_PENDING,
    PURGED_SECONDS,
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
    Pending,
    StateError,
    StateStore,
    Used,
)

__all__ = [
    "APPLICATION_ID",
    "KEPT_SECONDS",
    "KEY_SECONDS",
    "MEMORY",
    "MOST_PENDING",
    "PURGED_SECONDS",
    "SCHEMA_VERSION",
    "Earlier",
    "NewSend",
    "NotStarted",
    "OpenSend",
    "Pending",
    "SqliteState",
    "StateError",
    "StateStore",
    "Used",
]

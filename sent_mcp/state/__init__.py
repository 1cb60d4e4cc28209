"""What must outlive a call: the signing secret, approvals, and what was done in the last 24 hours.

It holds no text and no phone number, only ids, times and HMACs; of an import that is not finished,
and for half an hour at most, also the numbers that are still to be created.
"""

from sent_mcp.state.inspection import StoreFile, StoreServer, inspect_file, inspect_redis
from sent_mcp.state.shared import Shared, open_redis
from sent_mcp.state.sqlite import SqliteState
from sent_mcp.state.sqlite_schema import APPLICATION_ID, SCHEMA_VERSION
from sent_mcp.state.store import (
    IMPORT_SECONDS,
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
    StoredImport,
    Used,
)

__all__ = [
    "APPLICATION_ID",
    "IMPORT_SECONDS",
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
    "Shared",
    "SqliteState",
    "StateError",
    "StateStore",
    "StoreFile",
    "StoreServer",
    "StoredImport",
    "Used",
    "inspect_file",
    "inspect_redis",
    "open_redis",
]

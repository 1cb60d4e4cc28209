"""Imports that are not finished, in SQLite; each function runs inside a transaction."""

import json
import sqlite3

from sent_mcp.state.store import IMPORT_SECONDS, SKEW_SECONDS, StoredImport

_ONE = (
    "SELECT id, caller, account, idempotency_key, agreed, expires_at,"
    " counts, numbers, failed, invalid FROM imports WHERE id = ?"
)


def purge(db: sqlite3.Connection, now: float) -> None:
    """Forget what is too old, and what a clock that ran ahead has written."""
    latest = now + IMPORT_SECONDS + SKEW_SECONDS
    db.execute("DELETE FROM imports WHERE expires_at NOT BETWEEN ? AND ?", (now, latest))


def keep(db: sqlite3.Connection, found: StoredImport) -> None:
    """See StateStore."""
    whose = (found.import_id, found.caller, found.account)
    how = (found.idempotency_key, found.agreed, found.expires_at)
    lists = (found.counts, found.numbers, found.failed, found.invalid)
    db.execute(
        "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (*whose, *how, *map(json.dumps, lists)),
    )


def find(db: sqlite3.Connection, import_id: str) -> StoredImport | None:
    """See StateStore; what has expired was purged before."""
    row = db.execute(_ONE, (import_id,)).fetchone()
    return None if row is None else _read(*row)


def claim(db: sqlite3.Connection, import_id: str, seconds: float, now: float) -> bool:
    """See StateStore. A lease from the future was taken by a clock that ran ahead."""
    return bool(
        db.execute(
            "UPDATE imports SET busy_until = ? WHERE id = ? AND busy_until NOT BETWEEN ? AND ?",
            (now + seconds, import_id, now, now + seconds + SKEW_SECONDS),
        ).rowcount
    )


def _read(*row: str | float) -> StoredImport:
    import_id, caller, account, key, agreed, expires_at, *lists = row
    counts, numbers, failed, invalid = (json.loads(str(each)) for each in lists)
    return StoredImport(
        str(import_id),
        str(caller),
        str(account),
        str(key),
        bool(agreed),
        float(expires_at),
        counts,
        tuple(numbers),
        tuple((number, code) for number, code in failed),
        tuple((text, reason) for text, reason in invalid),
    )

"""Approvals, declines and counted changes in SQLite; each function runs inside a transaction."""

import json
import secrets
import sqlite3
from collections.abc import Sequence

from sent_mcp.state.store import MOST_PENDING, PURGED_SECONDS, SKEW_SECONDS, Pending, Used


def secret(db: sqlite3.Connection) -> bytes:
    """See StateStore."""
    row = db.execute("SELECT value FROM secret").fetchone()
    if row is None:
        row = (secrets.token_bytes(32),)
        db.execute("INSERT INTO secret VALUES (?)", row)
    return bytes(row[0])


def hold(db: sqlite3.Connection, pending: Pending, now: float) -> None:
    """See StateStore."""
    db.execute("DELETE FROM approvals WHERE expires_at < ?", (now - PURGED_SECONDS,))
    db.execute("DELETE FROM used WHERE at < ?", (now - PURGED_SECONDS,))
    row = (pending.approval_id, pending.caller, pending.binding, pending.idempotency_key)
    times = (pending.asked_at, pending.expires_at)
    db.execute("INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?)", row + times)
    db.execute(
        "DELETE FROM approvals WHERE id IN (SELECT id FROM approvals WHERE caller = ?"
        " ORDER BY asked_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (pending.caller, MOST_PENDING),
    )


def take(
    db: sqlite3.Connection, approval_id: str, binding: str, now: float
) -> Pending | Used | None:
    """See StateStore."""
    pending = drop(db, approval_id)
    if pending is None:
        return used(db, approval_id)
    in_time = pending.asked_at - SKEW_SECONDS <= now <= pending.expires_at
    if not in_time:
        return None
    if pending.binding == binding:
        db.execute("INSERT INTO used VALUES (?, NULL, ?, NULL)", (approval_id, now))
    return pending


def drop(db: sqlite3.Connection, approval_id: str) -> Pending | None:
    """See StateStore."""
    row = db.execute("DELETE FROM approvals WHERE id = ? RETURNING *", (approval_id,)).fetchone()
    return None if row is None else Pending(*row)


def drop_alike(db: sqlite3.Connection, caller: str, binding: str) -> None:
    """See StateStore."""
    db.execute("DELETE FROM approvals WHERE caller = ? AND binding = ?", (caller, binding))


def used(db: sqlite3.Connection, approval_id: str) -> Used | None:
    """See StateStore."""
    row = db.execute("SELECT status, at, ids FROM used WHERE id = ?", (approval_id,)).fetchone()
    if row is None:
        return None
    return Used(row[0], row[1], tuple(json.loads(row[2] or "[]")))


def finish(db: sqlite3.Connection, approval_id: str, status: str, ids: Sequence[str]) -> None:
    """See StateStore."""
    row = (status, json.dumps(list(ids)), approval_id)
    db.execute("UPDATE used SET status = ?, ids = ? WHERE id = ?", row)


def declined(db: sqlite3.Connection, who: str, now: float) -> None:
    """See StateStore."""
    db.execute("DELETE FROM declines WHERE at < ?", (now - PURGED_SECONDS,))
    db.execute("INSERT INTO declines VALUES (?, ?)", (who, now))


def declines(db: sqlite3.Connection, who: str, since: float, now: float) -> Sequence[float]:
    """See StateStore. Those after `now` are from a clock that has gone back since."""
    rows = db.execute(
        "SELECT at FROM declines WHERE who = ? AND at BETWEEN ? AND ? ORDER BY at",
        (who, since, now),
    )
    return [float(at) for (at,) in rows]


def spend(
    db: sqlite3.Connection, who: str, count: int, most: int | None, since: float, now: float
) -> Sequence[int] | None:
    """See StateStore. Those after `now` count: a clock that goes back must not allow more."""
    db.execute("DELETE FROM changes WHERE at < ?", (now - PURGED_SECONDS,))
    (spent,) = db.execute(
        "SELECT count(*) FROM changes WHERE who = ? AND at > ?", (who, since)
    ).fetchone()
    if most is not None and spent + count > most:
        return None
    insert = "INSERT INTO changes (who, at) VALUES (?, ?) RETURNING id"
    return [int(db.execute(insert, (who, now)).fetchone()[0]) for _ in range(count)]


def spend_back(db: sqlite3.Connection, who: str, changes: Sequence[int]) -> None:
    """See StateStore."""
    rows = [(who, change) for change in changes]
    db.executemany("DELETE FROM changes WHERE who = ? AND id = ?", rows)

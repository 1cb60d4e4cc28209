"""Sends and their messages in SQLite; each function runs inside a transaction."""

import sqlite3
from collections.abc import Collection, Sequence

from sent_mcp.state.store import (
    KEPT_SECONDS,
    KEY_SECONDS,
    PURGED_SECONDS,
    SKEW_SECONDS,
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
)

# Messages of a file that an older version wrote belong to no send.
_EARLIER = (
    "SELECT coalesce(m.send, 0), m.recipient, m.message_id, m.at, coalesce(s.open, 0)"
    " FROM messages m LEFT JOIN sends s ON s.id = m.send"
)


def counted(db: sqlite3.Connection, account: str, now: float) -> int:
    """See StateStore."""
    db.execute("DELETE FROM messages WHERE at < ?", (now - PURGED_SECONDS,))
    db.execute("DELETE FROM sends WHERE at < ?", (now - PURGED_SECONDS,))
    (count,) = db.execute(
        "SELECT count(*) FROM messages WHERE account = ? AND at >= ?",
        (account, now - KEPT_SECONDS),
    ).fetchone()
    return int(count)


def earlier(
    db: sqlite3.Connection, account: str, content: str, recipients: Collection[str], now: float
) -> Sequence[Earlier]:
    """See StateStore."""
    rows = (
        db.execute(
            _EARLIER + " WHERE m.account = ? AND m.content = ? AND m.recipient = ? AND m.at >= ?"
            " ORDER BY m.at DESC, m.id DESC LIMIT 1",
            (account, content, recipient, now - KEPT_SECONDS),
        ).fetchone()
        for recipient in dict.fromkeys(recipients)
    )
    return [_earlier(row) for row in rows if row is not None]


def open_send(db: sqlite3.Connection, account: str, body: str, now: float) -> OpenSend | None:
    """See StateStore."""
    row = db.execute(
        "SELECT id, idempotency_key, at FROM sends WHERE account = ? AND body = ? AND open"
        " AND at BETWEEN ? AND ? ORDER BY at DESC, id DESC LIMIT 1",
        # One from the future was sent by a clock that ran ahead: its age is not known.
        (account, body, now - KEY_SECONDS, now + SKEW_SECONDS),
    ).fetchone()
    return None if row is None else OpenSend(*row)


def start(
    db: sqlite3.Connection, send: NewSend, limit: int, shown: Sequence[Earlier], now: float
) -> int | NotStarted:
    """See StateStore."""
    found = earlier(db, send.account, send.content, send.recipients, now)
    if _compared(found) != _compared(shown):
        return NotStarted.CHANGED
    handed_on = open_send(db, send.account, send.body, now)
    if handed_on is not None and handed_on.idempotency_key == send.idempotency_key:
        db.execute("UPDATE sends SET open = open + 1 WHERE id = ?", (handed_on.send_id,))
        return handed_on.send_id
    if counted(db, send.account, now) + len(send.recipients) > limit:
        return NotStarted.ABOVE_LIMIT
    return _insert(db, send, now)


def _insert(db: sqlite3.Connection, send: NewSend, now: float) -> int:
    row = (send.account, send.body, send.idempotency_key, now)
    (send_id,) = db.execute(
        "INSERT INTO sends (account, body, idempotency_key, at, open) VALUES (?, ?, ?, ?, 1)"
        " RETURNING id",
        row,
    ).fetchone()
    db.executemany(
        "INSERT INTO messages (account, recipient, at, send, content) VALUES (?, ?, ?, ?, ?)",
        [(send.account, each, now, send_id, send.content) for each in send.recipients],
    )
    return int(send_id)


def close(db: sqlite3.Connection, send_id: int, sent: Sequence[tuple[str, str]]) -> None:
    """See StateStore."""
    db.execute("UPDATE sends SET open = 0 WHERE id = ?", (send_id,))
    db.executemany(
        "UPDATE messages SET message_id = ? WHERE id = (SELECT id FROM messages"
        " WHERE send = ? AND recipient = ? AND message_id IS NULL ORDER BY id LIMIT 1)",
        [(message_id, send_id, recipient) for recipient, message_id in sent],
    )


def drop(db: sqlite3.Connection, send_id: int, *, repeated: bool) -> bool:
    """See StateStore. `open` counts the attempts under one key, and is 0 once one was answered."""
    most = 1_000_000 if repeated else 1
    dropped = db.execute(
        "DELETE FROM sends WHERE id = ? AND open BETWEEN 1 AND ?", (send_id, most)
    ).rowcount
    if dropped:
        db.execute("DELETE FROM messages WHERE send = ?", (send_id,))
    return bool(dropped)


def last_to(db: sqlite3.Connection, account: str, recipient: str, now: float) -> Earlier | None:
    """See StateStore."""
    row = db.execute(
        _EARLIER + " WHERE m.account = ? AND m.recipient = ? AND m.at >= ?"
        " ORDER BY m.at DESC, m.id DESC LIMIT 1",
        (account, recipient, now - KEPT_SECONDS),
    ).fetchone()
    return None if row is None else _earlier(row)


def _earlier(row: tuple[int, str, str | None, float, int]) -> Earlier:
    send_id, recipient, message_id, at, is_open = row
    return Earlier(send_id, recipient, message_id, at, bool(is_open))


def _compared(found: Sequence[Earlier]) -> set[tuple[int, str, bool]]:
    return {(each.send_id, each.recipient, each.open) for each in found}

"""The tables of the state file, how an older file becomes a newer one, and which are refused."""

import sqlite3

from sent_mcp.state.store import StateError

SCHEMA_VERSION = 3
APPLICATION_ID = int.from_bytes(b"sent")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS secret (value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS approvals (id TEXT PRIMARY KEY, caller TEXT NOT NULL,"
    " binding TEXT NOT NULL, idempotency_key TEXT NOT NULL, asked_at REAL NOT NULL,"
    " expires_at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS used (id TEXT PRIMARY KEY, status TEXT, at REAL NOT NULL,"
    " ids TEXT)",
    "CREATE TABLE IF NOT EXISTS declines (who TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY, who TEXT NOT NULL,"
    " at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sends (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " account TEXT NOT NULL, body TEXT NOT NULL, idempotency_key TEXT NOT NULL,"
    " at REAL NOT NULL, open INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " recipient TEXT, message_id TEXT, at REAL NOT NULL, send INTEGER, content TEXT)",
    "CREATE INDEX IF NOT EXISTS messages_by_account ON messages (account, at)",
    "CREATE INDEX IF NOT EXISTS messages_by_send ON messages (send)",
    # Without these every send reads the whole journal, a few times.
    "CREATE INDEX IF NOT EXISTS messages_by_content ON messages (account, content, recipient, at)",
    "CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (account, recipient, at)",
    "CREATE INDEX IF NOT EXISTS messages_by_age ON messages (at)",
    "CREATE INDEX IF NOT EXISTS sends_by_age ON sends (at)",
    "CREATE INDEX IF NOT EXISTS open_sends ON sends (account, body) WHERE open",
    "CREATE TABLE IF NOT EXISTS imports (id TEXT PRIMARY KEY, caller TEXT NOT NULL,"
    " account TEXT NOT NULL, idempotency_key TEXT NOT NULL, agreed INTEGER NOT NULL,"
    " expires_at REAL NOT NULL, counts TEXT NOT NULL, numbers TEXT NOT NULL,"
    " failed TEXT NOT NULL, invalid TEXT NOT NULL, busy_until REAL NOT NULL)",
)
_FROM_VERSION_1 = (
    # An approval lives for five minutes; one that is lost is asked for again.
    "DROP TABLE approvals",
    "ALTER TABLE used ADD COLUMN ids TEXT",
    "DROP INDEX sends_by_account",
    "ALTER TABLE sends RENAME TO messages",
    "ALTER TABLE messages ADD COLUMN send INTEGER",
    "ALTER TABLE messages ADD COLUMN content TEXT",
)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in one transaction: another process may be opening the same new file.

    Raises StateError for a database of something else, and for one of a newer version.
    """
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if version_of(connection) == 1:
            _run(connection, _FROM_VERSION_1)
        _run(connection, _TABLES)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def version_of(connection: sqlite3.Connection) -> int:
    """The version of its tables, 0 without any. Raises StateError as `prepare` does."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != APPLICATION_ID:
        raise StateError("the file is a database of something else")
    if version > SCHEMA_VERSION:
        raise StateError("the state store was written by a newer version of sent-mcp")
    return int(version)


def _run(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(statement)

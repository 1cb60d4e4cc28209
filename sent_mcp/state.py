"""What must outlive a call: the signing secret, approvals waiting for their second call, and sends.

One SQLite file shared by all processes of a user; every method is one transaction. It holds no text
and no phone number, only ids, times and HMACs.
"""

import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread

from sent_mcp.errors import RefusedError

SCHEMA_VERSION = 1
APPLICATION_ID = int.from_bytes(b"sent")
MOST_PENDING = 50
KEPT_SECONDS = 86_400.0
MEMORY = "memory:"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS secret (value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS approvals (id TEXT PRIMARY KEY, caller TEXT NOT NULL,"
    " binding TEXT NOT NULL, idempotency_key TEXT NOT NULL, expires_at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS used (id TEXT PRIMARY KEY, status TEXT, at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sends (id INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " recipient TEXT, message_id TEXT, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS sends_by_account ON sends (account, at)",
)
Result = TypeVar("Result")


class StateError(RefusedError):
    """The state store cannot be used; nothing was done because of it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="STATE_UNAVAILABLE")


@dataclass(frozen=True)
class Pending:
    """An approval that was asked for and not given yet."""

    approval_id: str
    caller: str
    binding: str
    idempotency_key: str
    expires_at: float


@dataclass(frozen=True)
class Used:
    """An approval that was given; `status` is what came of it, None while that is not known."""

    status: str | None
    at: float


class StateStore(Protocol):
    """What the guard and the journal keep. Every method raises StateError."""

    def now(self) -> float:
        """The store's clock, seconds since 1970."""
        ...

    async def secret(self) -> bytes:
        """32 bytes made once for everybody on this store."""
        ...

    async def hold(self, pending: Pending) -> None:
        """Keep an approval until it expires; the oldest above fifty of one caller are dropped."""
        ...

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """The approval, once: whoever asks again gets Used. None for one that is not known.

        One that is expired, or bound to something else, is given too; it is dropped and not used.
        """
        ...

    async def used(self, approval_id: str) -> Used | None:
        """What came of an approval, if it was given already; consumes nothing."""
        ...

    async def finish(self, approval_id: str, status: str) -> None:
        """Record what came of a used approval."""
        ...

    async def reserve(self, account: str, messages: int, limit: int) -> Sequence[int] | None:
        """Count messages against 24 hours; None, and nothing counted, above the limit."""
        ...

    async def counted(self, account: str) -> int:
        """How many messages were counted within 24 hours."""
        ...

    async def release(self, reserved: Sequence[int]) -> None:
        """Take back what was reserved and certainly not sent."""
        ...

    async def note(self, reserved: Sequence[int], sent: Sequence[tuple[str, str]]) -> None:
        """Write (recipient, message id) into what was reserved."""
        ...

    async def last_sent(self, account: str, recipient: str) -> str | None:
        """The id of the last message to a recipient within 24 hours."""
        ...


class SqliteState:
    """The store in a file, or in memory with `memory:`. Opened at the first use."""

    def __init__(self, location: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._location = location
        self._connection: sqlite3.Connection | None = None
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self.now = clock

    async def aclose(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def secret(self) -> bytes:
        """See StateStore."""
        return await self._do(_secret)

    async def hold(self, pending: Pending) -> None:
        """See StateStore."""
        await self._do(lambda db: _hold(db, pending, self.now()))

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """See StateStore."""
        return await self._do(lambda db: _take(db, approval_id, binding, self.now()))

    async def used(self, approval_id: str) -> Used | None:
        """See StateStore."""
        return await self._do(lambda db: _used(db, approval_id))

    async def finish(self, approval_id: str, status: str) -> None:
        """See StateStore."""
        sql = "UPDATE used SET status = ? WHERE id = ?"
        await self._do(lambda db: db.execute(sql, (status, approval_id)))

    async def reserve(self, account: str, messages: int, limit: int) -> Sequence[int] | None:
        """See StateStore."""
        return await self._do(lambda db: _reserve(db, account, messages, limit, self.now()))

    async def counted(self, account: str) -> int:
        """See StateStore."""
        return await self._do(lambda db: _counted(db, account, self.now()))

    async def release(self, reserved: Sequence[int]) -> None:
        """See StateStore."""
        rows = [(row,) for row in reserved]
        await self._do(lambda db: db.executemany("DELETE FROM sends WHERE id = ?", rows))

    async def note(self, reserved: Sequence[int], sent: Sequence[tuple[str, str]]) -> None:
        """See StateStore."""
        sql = "UPDATE sends SET recipient = ?, message_id = ? WHERE id = ?"
        rows = [(*what, row) for row, what in zip(reserved, sent, strict=False)]
        await self._do(lambda db: db.executemany(sql, rows))

    async def last_sent(self, account: str, recipient: str) -> str | None:
        """See StateStore."""
        return await self._do(lambda db: _last_sent(db, account, recipient, self.now()))

    async def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        def transaction() -> Result:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                return work(connection)

        try:
            return await anyio.to_thread.run_sync(transaction, limiter=self._one_at_a_time)
        except (sqlite3.Error, OSError) as error:
            raise StateError(f"the state store cannot be used ({error})") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._location if self._location == MEMORY else _private(Path(self._location))
            name = ":memory:" if path == MEMORY else str(path)
            connection = sqlite3.connect(
                name, timeout=5, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection)
            except (StateError, sqlite3.Error):
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _private(path: Path) -> Path:
    """The file, made with mode 0600; a symlink or somebody else's file is refused."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | no_follow, 0o600)
    with closing(os.fdopen(descriptor, "rb")) as file:
        found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise StateError("the state store is not an ordinary file")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise StateError("the state store belongs to somebody else")
    if found.st_mode & 0o077:
        path.chmod(0o600)
    return path


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in one transaction: another process may be opening the same new file."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        _refuse_foreign(connection)
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != APPLICATION_ID:
        raise StateError("the file is a database of something else")
    if version > SCHEMA_VERSION:
        raise StateError("the state store was written by a newer version of sent-mcp")


def _secret(db: sqlite3.Connection) -> bytes:
    row = db.execute("SELECT value FROM secret").fetchone()
    if row is None:
        row = (secrets.token_bytes(32),)
        db.execute("INSERT INTO secret VALUES (?)", row)
    return bytes(row[0])


def _hold(db: sqlite3.Connection, pending: Pending, now: float) -> None:
    db.execute("DELETE FROM approvals WHERE expires_at < ?", (now - KEPT_SECONDS,))
    db.execute("DELETE FROM used WHERE at < ?", (now - KEPT_SECONDS,))
    row = (pending.approval_id, pending.caller, pending.binding)
    rest = (pending.idempotency_key, pending.expires_at)
    db.execute("INSERT INTO approvals VALUES (?, ?, ?, ?, ?)", row + rest)
    db.execute(
        "DELETE FROM approvals WHERE id IN (SELECT id FROM approvals WHERE caller = ?"
        " ORDER BY expires_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (pending.caller, MOST_PENDING),
    )


def _take(
    db: sqlite3.Connection, approval_id: str, binding: str, now: float
) -> Pending | Used | None:
    row = db.execute("DELETE FROM approvals WHERE id = ? RETURNING *", (approval_id,)).fetchone()
    if row is None:
        return _used(db, approval_id)
    pending = Pending(*row)
    if pending.expires_at >= now and pending.binding == binding:
        db.execute("INSERT INTO used VALUES (?, NULL, ?)", (approval_id, now))
    return pending


def _used(db: sqlite3.Connection, approval_id: str) -> Used | None:
    row = db.execute("SELECT status, at FROM used WHERE id = ?", (approval_id,)).fetchone()
    return None if row is None else Used(*row)


def _counted(db: sqlite3.Connection, account: str, now: float) -> int:
    db.execute("DELETE FROM sends WHERE at < ?", (now - KEPT_SECONDS,))
    (count,) = db.execute("SELECT count(*) FROM sends WHERE account = ?", (account,)).fetchone()
    return int(count)


def _reserve(
    db: sqlite3.Connection, account: str, messages: int, limit: int, now: float
) -> Sequence[int] | None:
    if _counted(db, account, now) + messages > limit:
        return None
    insert = "INSERT INTO sends (account, at) VALUES (?, ?) RETURNING id"
    return [db.execute(insert, (account, now)).fetchone()[0] for _ in range(messages)]


def _last_sent(db: sqlite3.Connection, account: str, recipient: str, now: float) -> str | None:
    row = db.execute(
        "SELECT message_id FROM sends WHERE account = ? AND recipient = ? AND at >= ?"
        " ORDER BY at DESC, id DESC LIMIT 1",
        (account, recipient, now - KEPT_SECONDS),
    ).fetchone()
    return None if row is None else str(row[0])

"""The store in one SQLite file, shared by all processes of a user."""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from sent_mcp.private_file import NotPrivateError, open_private
from sent_mcp.state import sqlite_approvals as approvals
from sent_mcp.state import sqlite_imports as imports
from sent_mcp.state import sqlite_sends as sends
from sent_mcp.state.sqlite_schema import prepare
from sent_mcp.state.store import (
    MEMORY,
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
    Pending,
    StateError,
    StoredImport,
    Used,
)

Result = TypeVar("Result")


class SqliteState:
    """The store in a file, or in memory with `memory:`. Opened at the first use."""

    def __init__(self, location: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._location = location
        self._connection: sqlite3.Connection | None = None
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._clock = clock

    async def aclose(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def now(self) -> float:
        """See StateStore."""
        return self._clock()

    async def ping(self) -> None:
        """See StateStore."""
        await self._do(lambda _: None)

    async def secret(self) -> bytes:
        """See StateStore."""
        return await self._do(approvals.secret)

    async def hold(self, pending: Pending) -> None:
        """See StateStore."""
        await self._do(lambda db: approvals.hold(db, pending, self._clock()))

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """See StateStore."""
        return await self._do(lambda db: approvals.take(db, approval_id, binding, self._clock()))

    async def drop(self, approval_id: str) -> Pending | None:
        """See StateStore."""
        return await self._do(lambda db: approvals.drop(db, approval_id))

    async def drop_alike(self, caller: str, binding: str) -> None:
        """See StateStore."""
        await self._do(lambda db: approvals.drop_alike(db, caller, binding))

    async def used(self, approval_id: str) -> Used | None:
        """See StateStore."""
        return await self._do(lambda db: approvals.used(db, approval_id))

    async def finish(self, approval_id: str, status: str, ids: Sequence[str]) -> None:
        """See StateStore."""
        await self._do(lambda db: approvals.finish(db, approval_id, status, ids))

    async def declined(self, who: str) -> None:
        """See StateStore."""
        await self._do(lambda db: approvals.declined(db, who, self._clock()))

    async def declines(self, who: str, seconds: float) -> Sequence[float]:
        """See StateStore."""
        now = self._clock()
        return await self._do(lambda db: approvals.declines(db, who, now - seconds, now))

    async def spend(
        self, who: str, count: int, most: int | None, seconds: float
    ) -> Sequence[int] | None:
        """See StateStore."""
        now = self._clock()
        return await self._do(lambda db: approvals.spend(db, who, count, most, now - seconds, now))

    async def spend_back(self, who: str, changes: Sequence[int]) -> None:
        """See StateStore."""
        await self._do(lambda db: approvals.spend_back(db, who, changes))

    async def counted(self, account: str) -> int:
        """See StateStore."""
        return await self._do(lambda db: sends.counted(db, account, self._clock()))

    async def earlier(
        self, account: str, content: str, recipients: Collection[str]
    ) -> Sequence[Earlier]:
        """See StateStore."""
        now = self._clock()
        return await self._do(lambda db: sends.earlier(db, account, content, recipients, now))

    async def open_send(self, account: str, body: str) -> OpenSend | None:
        """See StateStore."""
        return await self._do(lambda db: sends.open_send(db, account, body, self._clock()))

    async def start_send(
        self, send: NewSend, limit: int, shown: Sequence[Earlier]
    ) -> int | NotStarted:
        """See StateStore."""
        return await self._do(lambda db: sends.start(db, send, limit, shown, self._clock()))

    async def close_send(self, send_id: int, sent: Sequence[tuple[str, str]]) -> None:
        """See StateStore."""
        await self._do(lambda db: sends.close(db, send_id, sent))

    async def drop_send(self, send_id: int, *, repeated: bool) -> bool:
        """See StateStore."""
        return await self._do(lambda db: sends.drop(db, send_id, repeated=repeated))

    async def last_to(self, account: str, recipient: str) -> Earlier | None:
        """See StateStore."""
        return await self._do(lambda db: sends.last_to(db, account, recipient, self._clock()))

    async def keep_import(self, found: StoredImport) -> None:
        """See StateStore."""
        await self._do(lambda db: imports.keep(db, found))

    async def find_import(self, import_id: str) -> StoredImport | None:
        """See StateStore."""
        return await self._do(lambda db: imports.find(db, import_id))

    async def claim_import(self, import_id: str, seconds: float) -> bool:
        """See StateStore."""
        return await self._do(lambda db: imports.claim(db, import_id, seconds, self._clock()))

    async def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        def transaction() -> Result:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                # Phone numbers are kept no longer than they may be, whoever looks for them.
                imports.purge(connection, self._clock())
                return work(connection)

        try:
            return await anyio.to_thread.run_sync(transaction, limiter=self._one_at_a_time)
        except (sqlite3.Error, OSError) as error:
            raise StateError(f"the state store cannot be used ({error})") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(
                _name(self._location), timeout=5, isolation_level=None, check_same_thread=False
            )
            try:
                # What was deleted is overwritten: numbers must not stay in the file.
                connection.execute("PRAGMA secure_delete = ON")
                prepare(connection)
            except (StateError, sqlite3.Error):
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _name(location: Path | str) -> str:
    """What sqlite opens: the file is made private first."""
    if location == MEMORY:
        return ":memory:"
    try:
        os.close(open_private(Path(location), os.O_RDWR))
    except NotPrivateError as error:
        raise StateError(f"the state store {error}") from error
    return str(location)

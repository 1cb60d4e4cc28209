"""The one SQLite connection. Handlers never await, so there is nothing to lock."""

import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib.resources import files

from sent_mcp.emulator.phones import channels_of

Row = dict[str, object]
Values = Mapping[str, object]


class Database:
    """A connection in autocommit mode; rows are dicts whose keys are column names."""

    def __init__(self, path: str) -> None:
        # The thread check would refuse test clients that run every request in a thread of its own,
        # one after the other.
        self.connection = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False
        )
        self.connection.row_factory = _as_dict
        self.connection.create_function("channels_of", 1, channels_of, deterministic=True)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        schema = files("sent_mcp.emulator").joinpath("schema.sql").read_text(encoding="utf-8")
        self.connection.executescript(schema)

    def one(self, sql: str, values: Values) -> Row | None:
        """The first row, or None."""
        return self.connection.execute(sql, values).fetchone()

    def all(self, sql: str, values: Values) -> list[Row]:
        """Every row."""
        return self.connection.execute(sql, values).fetchall()

    def count(self, sql: str, values: Values) -> int:
        """The value of a `SELECT count(*) AS total`."""
        row = self.one(sql, values)
        total = row["total"] if row else 0
        return total if isinstance(total, int) else 0

    def run(self, sql: str, values: Values) -> None:
        """Executes one statement."""
        self.connection.execute(sql, values)

    def run_many(self, sql: str, rows: Iterable[Values]) -> None:
        """Executes one statement once per row."""
        self.connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside is kept, or nothing is when an exception leaves it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


def _as_dict(cursor: sqlite3.Cursor, values: tuple[object, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}

"""The file of the state store: nobody else can read it or put another in its place, and an older
version's file is used on."""

import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from sent_mcp.state import (
    APPLICATION_ID,
    KEPT_SECONDS,
    SCHEMA_VERSION,
    Earlier,
    NewSend,
    NotStarted,
    Pending,
    SqliteState,
    StateError,
    Used,
)
from tests.state.places import Clock
from tests.state.test_imports import running

NOW = 1_800_000_000.0
SECRET = bytes(range(32))
VERSION_1 = f"""
CREATE TABLE secret (value BLOB NOT NULL);
CREATE TABLE approvals (id TEXT PRIMARY KEY, caller TEXT NOT NULL,
 binding TEXT NOT NULL, idempotency_key TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE used (id TEXT PRIMARY KEY, status TEXT, at REAL NOT NULL);
CREATE TABLE sends (id INTEGER PRIMARY KEY, account TEXT NOT NULL,
 recipient TEXT, message_id TEXT, at REAL NOT NULL);
CREATE INDEX sends_by_account ON sends (account, at);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""
SENDS_1 = [
    ("mine", "ada", "m1", NOW - 50),
    ("mine", "bob", "m2", NOW - 40),
    ("mine", None, None, NOW - 30),
    ("theirs", "ada", "m3", NOW - 20),
    ("mine", "ada", "m0", NOW - KEPT_SECONDS - 1),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.sqlite"


@pytest.fixture
async def state(file: Path) -> AsyncGenerator[SqliteState]:
    state = SqliteState(file)
    yield state
    await state.aclose()


async def test_the_file_is_for_its_owner_only(state: SqliteState, file: Path) -> None:
    """Made so with its folder, or made so when it was open to others."""
    await state.secret()
    assert file.stat().st_mode & 0o777 == 0o600  # noqa: ASYNC240
    assert file.parent.stat().st_mode & 0o777 == 0o700
    await state.aclose()
    await anyio.Path(file).chmod(0o644)
    again = SqliteState(file)
    await again.secret()
    await again.aclose()
    assert file.stat().st_mode & 0o777 == 0o600  # noqa: ASYNC240


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A file as version 1 left it: something of everything."""
    file = tmp_path / "version1.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(VERSION_1)
        database.execute("INSERT INTO secret VALUES (?)", (SECRET,))
        pending = ("waiting", "me", "binding", "key", NOW + 300)
        database.execute("INSERT INTO approvals VALUES (?, ?, ?, ?, ?)", pending)
        used = [("gone", "deleted", NOW - 60), ("lost", None, NOW - 50)]
        database.executemany("INSERT INTO used VALUES (?, ?, ?)", used)
        insert = "INSERT INTO sends (account, recipient, message_id, at) VALUES (?, ?, ?, ?)"
        database.executemany(insert, SENDS_1)
    return file


async def test_a_file_of_version_1_is_used_on(version_1: Path) -> None:
    """Whoever was asked before is asked again; all else counts as it did."""
    state = SqliteState(version_1, clock=lambda: NOW)
    assert await state.secret() == SECRET
    assert await state.used("gone") == Used("deleted", NOW - 60)
    assert await state.take("lost", "binding") == Used(None, NOW - 50)
    assert await state.take("waiting", "binding") is None
    assert await state.last_to("mine", "ada") == Earlier(0, "ada", "m1", NOW - 50, open=False)
    assert await state.last_to("theirs", "ada") == Earlier(0, "ada", "m3", NOW - 20, open=False)
    assert await state.last_to("mine", "eve") is None
    assert await state.earlier("mine", "content", ["ada", "bob"]) == []
    assert await state.open_send("mine", "body") is None
    assert await state.counted("mine") == 3
    assert await state.counted("theirs") == 1
    await state.aclose()


async def test_a_file_of_version_1_takes_everything_new(version_1: Path) -> None:
    """The daily limit goes on from what it was."""
    state = SqliteState(version_1, clock=lambda: NOW)
    await state.finish("gone", "deleted", ["m9"])
    assert await state.used("gone") == Used("deleted", NOW - 60, ("m9",))
    await state.hold(Pending("new", "me", "binding", "key", NOW, NOW + 300))
    assert isinstance(await state.take("new", "binding"), Pending)
    send = NewSend("mine", "body", "content", ("ada",), "key")
    assert await state.start_send(send, 3, []) is NotStarted.ABOVE_LIMIT
    started = await state.start_send(send, 4, [])
    assert isinstance(started, int)
    assert started > 0
    await state.close_send(started, [("ada", "m4")])
    assert await state.last_to("mine", "ada") == Earlier(started, "ada", "m4", NOW, open=False)
    assert await state.counted("mine") == 4
    assert await state.spend("me", 1, 10, 600) is not None
    await state.declined("me")
    await state.aclose()


async def test_a_file_of_version_1_is_changed_once(version_1: Path) -> None:
    """Also when several processes open it at the same time; it looks like a new one then."""
    found: list[bytes] = []

    async def ask() -> None:
        other = SqliteState(version_1)
        found.append(await other.secret())
        await other.aclose()

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert found == [SECRET] * 8
    fresh = version_1.with_name("fresh.sqlite")
    state = SqliteState(fresh)
    await state.secret()
    await state.aclose()
    assert layout(version_1) == layout(fresh)
    assert layout(fresh)[0] == (SCHEMA_VERSION,)


def layout(file: Path) -> list[tuple[object, ...]]:
    """The version, and every table with its columns and indexes."""
    with closing(sqlite3.connect(file)) as database:
        found: list[tuple[object, ...]] = [database.execute("PRAGMA user_version").fetchone()]
        found += database.execute(
            "SELECT m.type, m.name, m.tbl_name, c.name, c.type, c.pk FROM sqlite_master m"
            " LEFT JOIN pragma_table_info(m.name) c ORDER BY m.name, c.cid"
        )
    return found


async def test_a_file_of_version_2_is_used_on(file: Path) -> None:
    """It had everything but imports."""
    clock = Clock()
    state = SqliteState(file, clock=clock)
    secret = await state.secret()
    await state.aclose()
    fresh = layout(file)
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript("DROP TABLE imports; PRAGMA user_version = 2;")
    assert await state.secret() == secret
    await state.keep_import(running(clock))
    assert await state.find_import("imp_a") == running(clock)
    await state.aclose()
    assert layout(file) == fresh
    assert fresh[0] == (SCHEMA_VERSION,)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
async def test_somebody_elses_file_is_refused(state: SqliteState, file: Path) -> None:
    """Whoever owns it could read and change it."""
    await state.secret()
    await state.aclose()
    os.chown(file, 12345, 12345)
    other = SqliteState(file)
    with pytest.raises(StateError, match="belongs to somebody else"):
        await other.secret()


async def test_a_newer_versions_file_is_left_alone(state: SqliteState, file: Path) -> None:
    """It may mean something else there."""
    await state.secret()
    await state.aclose()
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 7")
    database.close()
    before = await anyio.Path(file).read_bytes()
    with pytest.raises(StateError, match="newer version of sent-mcp"):
        await state.secret()
    assert await anyio.Path(file).read_bytes() == before


async def test_a_database_of_something_else_is_left_alone(file: Path) -> None:
    """Whatever its version is."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as database:
        database.executescript("CREATE TABLE theirs (a); PRAGMA user_version = 1;")
    before = await anyio.Path(file).read_bytes()
    with pytest.raises(StateError, match="database of something else"):
        await SqliteState(file).secret()
    assert await anyio.Path(file).read_bytes() == before


async def test_what_is_no_ordinary_file_is_refused(tmp_path: Path, file: Path) -> None:
    """A folder, and a link to whatever."""
    with pytest.raises(StateError, match="the state store is not an ordinary file"):
        await SqliteState(tmp_path).secret()
    file.parent.mkdir()
    await anyio.Path(file).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="the state store is a symbolic link"):
        await SqliteState(file).secret()
    assert not (tmp_path / "elsewhere").exists()


async def test_an_error_says_what_to_do_and_that_nothing_was_done(file: Path) -> None:
    """The reads go on without it."""
    file.parent.mkdir()
    file.write_bytes(b"not a database, not at all. " * 100)  # noqa: ASYNC240
    with pytest.raises(StateError) as caught:
        await SqliteState(file).secret()
    said = str(caught.value)
    assert said.startswith("STATE_UNAVAILABLE: the state store cannot be used (")
    assert "Nothing was changed or sent." in said
    assert "SENT_MCP_STATE" in said


async def test_a_store_can_be_closed_before_it_was_opened_and_used_again() -> None:
    """In memory it begins anew."""
    state = SqliteState("memory:")
    await state.aclose()
    first = await state.secret()
    await state.aclose()
    assert await state.secret() != first
    await state.aclose()

"""The file of the state store: nobody else can read it or put another in its place."""

import os
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from sent_mcp.state import SqliteState, StateError


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


async def test_an_error_says_what_to_do_and_that_nothing_was_done(tmp_path: Path) -> None:
    """The reads go on without it."""
    with pytest.raises(StateError) as caught:
        await SqliteState(tmp_path).secret()
    assert str(caught.value).startswith("STATE_UNAVAILABLE: the state store cannot be used (")
    assert "Nothing was changed or sent." in str(caught.value)


async def test_a_store_can_be_closed_before_it_was_opened_and_used_again() -> None:
    """In memory it begins anew."""
    state = SqliteState("memory:")
    await state.aclose()
    first = await state.secret()
    await state.aclose()
    assert await state.secret() != first
    await state.aclose()

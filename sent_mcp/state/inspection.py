"""A look at where a store is or would be. Nothing is made, and an older file stays as it is."""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sent_mcp.private_file import NotPrivateError, is_open_to_others, open_own
from sent_mcp.state.shared import missing_extra
from sent_mcp.state.sqlite_schema import version_of
from sent_mcp.state.store import StateError

_LOCKED_SECONDS = 2.0


@dataclass(frozen=True)
class StoreFile:
    """A file that can be used: the version of its tables, and who else may read it."""

    version: int
    open_to_others: bool


@dataclass(frozen=True)
class StoreServer:
    """A Redis that was reached, and what it says about itself; None where we may not ask."""

    version: str | None
    policy: str | None


def inspect_file(path: Path) -> StoreFile | None:
    """What is in the file; None when there is none.

    Raises StateError with the store's own sentences.
    """
    if not os.path.lexists(path):
        return None
    try:
        descriptor = open_own(path, os.O_RDWR)
        try:
            open_to_others = is_open_to_others(descriptor)
        finally:
            os.close(descriptor)
        return StoreFile(_version(path), open_to_others)
    except NotPrivateError as error:
        raise StateError(f"the state store {error}") from error
    except (sqlite3.Error, OSError) as error:
        raise StateError(f"the state store cannot be used ({error})") from error


async def inspect_redis(url: str) -> StoreServer:
    """What the server says, after the ping that every start of a server sends too.

    Raises StateError, SettingsError without the extra, and ValueError for a URL that names none.
    """
    try:
        from sent_mcp.state.redis_server import RedisServer
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    server = RedisServer(url)
    try:
        await server.ping()
        said = await server.described()
    finally:
        await server.aclose()
    return StoreServer(_text(said.get("redis_version")), _text(said.get("maxmemory_policy")))


def _version(path: Path) -> int:
    # Read only: neither tables nor a journal are made.
    name = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(name, uri=True, timeout=_LOCKED_SECONDS)) as connection:
        return version_of(connection)


def _text(value: object) -> str | None:
    return None if value is None else str(value)

"""From flags and environment to settings and, for a demo, an emulator in this process."""

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sent_mcp.errors import SettingsError
from sent_mcp.setting_fields import flag_of
from sent_mcp.settings import Settings, load_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

DEMO_KEY = "sk_test_emulator"
_IN_PROCESS = "http://localhost"


def launch_settings(*, demo: bool = False, **flags: object) -> Settings:
    """The settings of this process. A demo needs no key and keeps the real account's out of it.

    Raises SettingsError.
    """
    if not demo:
        return load_settings(os.environ, **flags)
    for name in ("base_url", "api_version"):
        if flags.get(name) is not None:
            problem = f"{flag_of(name)} does not go with --demo, which has its own API"
            raise SettingsError(problem, code="SETTINGS")
    demo_flags = {**flags, "api_key": DEMO_KEY, "base_url": _IN_PROCESS, "api_version": "v3"}
    return load_settings(os.environ, **demo_flags).model_copy(update={"profile_id": None})


def launch_emulator(*, demo: bool, demo_db: str | None) -> "Starlette | None":
    """The emulator for a demo, in memory or in the file `demo_db`. Raises SettingsError."""
    if not demo:
        return None
    if demo_db:
        _refuse_unusable(demo_db)
    from sent_mcp.emulator import create_app

    return create_app(database=demo_db or ":memory:", api_key=DEMO_KEY)


def _refuse_unusable(demo_db: str) -> None:
    try:
        with closing(sqlite3.connect(demo_db)) as database:
            database.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        problem = f"--demo-db: {demo_db!r} cannot be used: {error}"
        raise SettingsError(problem, code="SETTINGS") from error

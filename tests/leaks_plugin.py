"""Watches the whole test run: a test after which something was leaked fails, and says what.

Log records of this process come here; harnesses show what real servers write to stderr, what their
tools answer and what they export; audit logs and state files are found where a test has its files.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from sent_mcp.serving.logs import MaskingFormatter
from tests.leaks import WATCH

ALLOWED = {
    "test_a_forgotten_placeholder_is_named_as_such": "it begins like a key, and is none",
}
"""Tests by a part of their id, and why something may be seen in them."""
_KEPT = re.compile(r".*audit|state.*\.sqlite", re.DOTALL)
"""Names of audit logs and state files."""
_LARGEST = 50_000_000
"""In bytes."""
_Caught = pytest.ExceptionInfo[BaseException]
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType]


class Ear(logging.Handler):
    """Hears every record, as stderr would have it; our own may not even hold a key before that."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(MaskingFormatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one."""
        WATCH.see(f"the log of {record.name}", self.format(record))
        if record.name.startswith("sent_mcp"):
            WATCH.see(f"a record of {record.name}", record.getMessage(), numbers=False)


class LeakPlugin:
    """Fails the test in which something was found."""

    def __init__(self) -> None:
        self._ear = Ear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, Any, Any]:
        """Commands that run here set up logging anew."""
        root = logging.getLogger()
        if self._ear not in root.handlers:
            root.addHandler(self._ear)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """After its fixtures are gone, with whatever they had started."""
        try:
            return (yield)
        finally:
            _look_at_files(item)
            found = WATCH.take()
            WATCH.forget()
            if found and not any(part in item.nodeid for part in ALLOWED):
                pytest.fail("leaked:\n" + "\n".join(dict.fromkeys(found)), pytrace=False)


def watch_exceptions() -> None:
    """Whatever `pytest.raises` catches is looked at, too, with everything behind it."""
    fill = _Caught.fill_unfilled

    def filled(self: _Caught, exc_info: _ExceptionInfo) -> None:
        for error in _chain(exc_info[1]):
            # Its text may be what a model reads, where numbers are not masked.
            WATCH.see(f"the exception {type(error).__name__}", f"{error}\n{error!r}", numbers=False)
        fill(self, exc_info)

    pytest.ExceptionInfo.fill_unfilled = filled


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _look_at_files(item: pytest.Item) -> None:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if not isinstance(folder, Path):
        return
    for place, _, names in os.walk(folder):
        for file in (Path(place, name) for name in names if _KEPT.match(name)):
            # Servers that are still ending remove theirs; the others are looked at all the same.
            with suppress(OSError):
                _look_at(file)


def _look_at(file: Path) -> None:
    if not file.is_file():
        return
    if (size := file.stat().st_size) > _LARGEST:
        WATCH.found.append(f"{file.name}: {size:,} bytes are more than is read here: keep less")
    elif "audit" in file.name:
        WATCH.see("an audit log", file.read_text(encoding="utf-8", errors="replace"))
    else:
        _look_at_state(file)


def _look_at_state(file: Path) -> None:
    kept = file.read_bytes().decode("latin-1")
    WATCH.see("a state file", kept, numbers=not _has_import(file))


def _has_import(file: Path) -> bool:
    """Whether an import can go on, for which its numbers are kept."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        (count,) = db.execute("SELECT count(*) FROM imports").fetchone()
        return bool(count)
    return False

"""The file of the audit log while it is open: taken away, unusable for a time, shared."""

import logging
from pathlib import Path

import pytest

from sent_mcp.guard.audit import AuditLog, Entry
from sent_mcp.guard.audit_destinations import PrivateFile
from sent_mcp.guard.audit_writer import Writer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "audit.jsonl"


def line(text: str) -> logging.LogRecord:
    """A line for what writes it."""
    return logging.makeLogRecord({"msg": text})


@pytest.mark.parametrize("away", ["renamed", "removed"])
def test_a_file_that_is_taken_away_is_made_anew(file: Path, away: str) -> None:
    """By another process's rotation, or by an operator's."""
    handler = PrivateFile(str(file), 0, 0)
    handler.handle(line("first"))
    if away == "renamed":
        file.rename(file.with_name("older"))
    else:
        file.unlink()
    handler.handle(line("second"))
    handler.close()
    assert file.read_text() == "second\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_works_again_is_used_again_and_a_new_failure_is_said_again(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator who repaired it once must hear of the next time."""
    destination = PrivateFile(str(file), 0, 0)
    writer = Writer(destination)
    for _ in range(2):
        file.mkdir()
        writer.handle(line("lost"))
        writer.handle(line("lost"))
        file.rmdir()
        writer.handle(line("kept"))
        assert file.read_text() == "kept\n"
        file.unlink()
    destination.close()
    reason = "the audit log could not be written (is not an ordinary file)"
    assert [record.getMessage() for record in caplog.records] == [reason] * 2


def test_a_log_that_is_open_keeps_no_other_from_the_file(file: Path) -> None:
    """A conversation may stay open for days."""
    open_one = PrivateFile(str(file), 0, 0)
    open_one.handle(line("{}"))
    other = AuditLog(file)
    other.write(Entry("local", "delete_contact", "", "", "off", "deleted"))
    other.close()
    open_one.handle(line("{}"))
    open_one.close()
    assert len(file.read_text().splitlines()) == 3

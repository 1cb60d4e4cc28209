"""The audit log: what a line says, where it may be written, and that it never holds up a change."""

import json
import logging
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sent_mcp.guard.audit import AuditLog, Entry

HMAC = "1415555010" * 6 + "abcd"
DELETED = Entry(
    caller="local",
    tool="delete_contact",
    target="+141*****06",
    arguments=HMAC,
    confirmed="token",
    outcome="deleted",
    request_id="req_1",
)
NOON = 1_795_176_000.9
UNWRITTEN = "the audit log could not be written ("


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "deep" / "audit.jsonl"


def lines(file: Path) -> list[dict[str, Any]]:
    """What is in the log."""
    return [json.loads(each) for each in file.read_text(encoding="ascii").splitlines()]


def written(destination: Path | str | None, *entries: Entry, **limits: int) -> None:
    """All of them, by one log that is closed again."""
    log = AuditLog(destination, clock=lambda: NOON, **limits)
    for entry in entries:
        log.write(entry)
    log.close()


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator reads on stderr."""
    assert {record.name for record in caplog.records} <= {"sent_mcp.guard"}
    assert {record.levelname for record in caplog.records} <= {"WARNING"}
    return [record.getMessage() for record in caplog.records]


def test_a_line_says_who_asked_for_what_and_what_came_of_it(file: Path) -> None:
    """In this order, in UTC, and complete when the log is closed."""
    written(file, DELETED)
    assert file.read_text() == (
        '{"time": "2026-11-20T12:00:00Z", "caller": "local", "tool": "delete_contact",'
        f' "target": "+141*****06", "arguments": "{HMAC}", "confirmed": "token",'
        ' "outcome": "deleted", "request_id": "req_1"}\n'
    )


def test_what_there_is_not_is_left_out(file: Path) -> None:
    """A change that was only asked for was not confirmed and made no request."""
    written(
        file, replace(DELETED, confirmed=None, outcome="confirmation_required", request_id=None)
    )
    (only,) = lines(file)
    assert [*only] == ["time", "caller", "tool", "target", "arguments", "outcome"]


def test_entries_stand_below_each_other_in_their_order(file: Path) -> None:
    """Those of an earlier process first."""
    written(file, *(replace(DELETED, request_id=f"a{n}") for n in range(300)))
    written(file, *(replace(DELETED, request_id=f"b{n}") for n in range(300)))
    assert [each["request_id"] for each in lines(file)] == [
        f"{p}{n}" for p in "ab" for n in range(300)
    ]


@pytest.mark.parametrize("field", ["caller", "outcome"])
def test_a_number_or_a_key_that_slips_through_is_masked(file: Path, field: str) -> None:
    """The last defence; whoever makes the entry should have done it."""
    slipped: dict[str, Any] = {field: "+1 (415) 555-0106 sk_live_4f9d2c7be1a8"}
    written(file, replace(DELETED, **slipped))
    (only,) = lines(file)
    assert only[field] == "+1415*****06 [key]"
    assert only["arguments"] == HMAC


@pytest.mark.parametrize(
    "said", ["x-14155550106", "tel4155550106", "415_555_0106", "4155550106abc"]
)
def test_what_a_model_gives_as_an_id_tells_no_number(file: Path, said: str) -> None:
    """Real ids stay whole, with as many digits as they have."""
    real = "14155550-0106-4155-8106-141555501060"
    written(file, replace(DELETED, target=f"{real} {said}"))
    (only,) = lines(file)
    assert only["target"].startswith(f"{real} ")
    assert "5550" not in only["target"].removeprefix(real)


@pytest.mark.parametrize("text", ["a\nb", 'a"b\\', "a\u2028b", "a\x00b", "\ud800", "é 😀", "%s %d"])
def test_any_text_stays_in_its_line(file: Path, text: str) -> None:
    """Nobody can forge a line."""
    written(file, replace(DELETED, target=text), DELETED)
    first, second = lines(file)
    assert first["target"] == text
    assert second["target"] == DELETED.target


def test_without_a_destination_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor is a thread started."""
    monkeypatch.chdir(tmp_path)
    log = AuditLog(None)
    threads = threading.active_count()
    log.write(DELETED)
    assert threading.active_count() == threads
    log.close()
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_nothing_is_opened_and_started_before_the_first_entry(file: Path) -> None:
    """Most conversations change nothing. It can be closed all the same."""
    threads = threading.active_count()
    log = AuditLog(file)
    assert threading.active_count() == threads
    log.close()
    log.close()
    assert not file.parent.exists()


def test_it_can_be_closed_twice_and_written_to_again(file: Path) -> None:
    """No thread is left behind."""
    threads = threading.active_count()
    log = AuditLog(file)
    for _ in range(2):
        log.write(DELETED)
        log.close()
        log.close()
    assert len(lines(file)) == 2
    assert threading.active_count() == threads


def test_a_dash_is_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """Stdout belongs to the protocol."""
    written("-", DELETED, DELETED)
    out, err = capfd.readouterr()
    assert out == ""
    assert [json.loads(each)["tool"] for each in err.splitlines()] == ["delete_contact"] * 2


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts expand none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    written("~/audit.jsonl", DELETED)
    assert len(lines(tmp_path / "audit.jsonl")) == 1


def test_the_logging_of_the_process_is_left_alone(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry goes nowhere else, and whoever turned logging off still gets the audit log."""
    handlers, loggers = [*logging.root.handlers], {*logging.root.manager.loggerDict}
    caplog.set_level(logging.DEBUG)
    logging.disable(logging.CRITICAL)
    try:
        written(file, DELETED)
    finally:
        logging.disable(logging.NOTSET)
    assert len(lines(file)) == 1
    assert warned(caplog) == []
    assert [*logging.root.handlers] == handlers
    assert {*logging.root.manager.loggerDict} == loggers


def test_a_full_file_is_renamed_and_the_oldest_is_dropped(file: Path) -> None:
    """All of them stay for their owner only, also one that was open to others before."""
    written(file, DELETED)
    size = file.stat().st_size
    file.chmod(0o644)
    entries = [replace(DELETED, request_id=f"req_{n}") for n in range(2, 9)]
    written(file, *entries, max_bytes=2 * size + 2, kept=2)
    files = sorted(file.parent.iterdir())
    assert [path.name for path in files] == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    ids = [[each["request_id"][-1] for each in lines(path)] for path in reversed(files)]
    assert ids == [["3", "4"], ["5", "6"], ["7", "8"]]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_rotation_that_fails_loses_no_line(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file grows, and the operator is told why."""
    (file.parent / "audit.jsonl.1" / "full").mkdir(parents=True)
    written(file, *[DELETED] * 5, max_bytes=400, kept=1)
    assert len(lines(file)) == 5
    (warning,) = warned(caplog)
    assert warning.startswith(f"{UNWRITTEN}only its rotation failed: ")


def _link(file: Path) -> None:
    file.symlink_to(file.parent / "elsewhere")


def _somebody_elses(file: Path) -> None:
    file.write_text("theirs")
    os.chown(file, 12345, 12345)


UNUSABLE = {
    "link": (_link, "is a symbolic link"),
    "fifo": (os.mkfifo, "is not an ordinary file"),
    "folder": (os.mkdir, "is not an ordinary file"),
    "theirs": (_somebody_elses, "belongs to somebody else"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_file_that_cannot_be_used_is_said_once(
    file: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """With the reason, without the entry, and nothing is raised or written elsewhere."""
    make, reason = UNUSABLE[kind]
    if kind == "theirs" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    file.parent.mkdir()
    make(file)
    written(file, DELETED, DELETED, DELETED)
    assert warned(caplog) == [f"{UNWRITTEN}{reason})"]
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert caplog.text.count(DELETED.target) == 0


def test_a_folder_that_cannot_be_made_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file is in its place."""
    (tmp_path / "file").write_text("kept")
    written(tmp_path / "file" / "audit.jsonl", DELETED)
    (warning,) = warned(caplog)
    assert warning.startswith(UNWRITTEN)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_name_that_is_none_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """It is no OSError, and must not end the thread."""
    written("a\0b", DELETED, DELETED)
    (warning,) = warned(caplog)
    assert "null" in warning


def test_without_a_thread_nothing_is_raised(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A machine may refuse one; the change was made, whatever becomes of its entry."""
    log = AuditLog(file)
    before = threading.stack_size(1 << 50)
    try:
        log.write(DELETED)
    finally:
        threading.stack_size(before)
    assert warned(caplog) == [f"{UNWRITTEN}can't start new thread)"]
    log.write(DELETED)
    log.close()
    assert len(lines(file)) == 1

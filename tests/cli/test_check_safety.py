"""`sent-mcp check` among the files of others: what it leaves alone, and who can read its own."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import anyio
import pytest

from sent_mcp.cli import check
from sent_mcp.cli.call import UsageError
from sent_mcp.cli.check import Order, check_file
from sent_mcp.cli.check_draft import draft_of, write_file
from sent_mcp.cli.check_journal import Journal, JournalError

NUMBER = "+14155550100"
MOVE = "is no journal of this command: move it, or choose another --out"


def mode(path: Path) -> int:
    """The permission bits."""
    return path.stat().st_mode & 0o7777


def names(folder: Path) -> list[str]:
    """All that is in it."""
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """One number, for a file that is not there yet."""
    file = tmp_path / "numbers.txt"
    file.write_text(f"{NUMBER}\n", encoding="utf-8")
    return Order(str(file), out=str(tmp_path / "x.csv"), demo=True)


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o600, 0o600), (0o644, 0o644)])
def test_nobody_else_can_read_what_is_being_written(
    tmp_path: Path, before: int | None, after: int
) -> None:
    out, seen = tmp_path / "x.csv", list[int]()
    if before is not None:
        out.touch()
        out.chmod(before)

    def write(stream: TextIO) -> None:
        seen.append(os.fstat(stream.fileno()).st_mode & 0o7777)
        stream.write("new")

    usual = os.umask(0)
    try:
        write_file(out, write, marked=False)
    finally:
        os.umask(usual)
    assert (seen, mode(out), out.read_bytes()) == ([0o600], after, b"new")
    assert names(tmp_path) == ["x.csv"]


def test_a_draft_goes_through_no_link(tmp_path: Path) -> None:
    out, other = tmp_path / "x.csv", tmp_path / "other"
    other.write_bytes(b"kept")
    draft_of(out).symlink_to(other)
    with pytest.raises(FileExistsError):
        write_file(out, lambda stream: None, marked=False)
    assert other.read_bytes() == b"kept"
    assert draft_of(out).is_symlink()


KILLED = """
import os, signal, sys
from pathlib import Path
from sent_mcp.cli.check_draft import write_file

def write(stream):
    stream.write("+14155550100")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)

write_file(Path(sys.argv[1]), write, marked=False)
"""


@pytest.mark.usefixtures("own_logging")
def test_what_a_killed_run_leaves_is_private_and_removed_by_the_next(
    order: Order, tmp_path: Path
) -> None:
    out = tmp_path / "x.csv"
    done = subprocess.run([sys.executable, "-c", KILLED, out], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert names(tmp_path) == [draft_of(out).name, "numbers.txt"]
    assert mode(draft_of(out)) == 0o600
    assert anyio.run(check_file, order) == 0
    assert (names(tmp_path), mode(out)) == (["numbers.txt", "x.csv"], 0o600)


@pytest.mark.usefixtures("own_logging")
def test_a_draft_that_cannot_be_removed_is_told_before_anything_is_asked(
    order: Order, tmp_path: Path
) -> None:
    draft = draft_of(tmp_path / "x.csv")
    draft.mkdir()
    with pytest.raises(UsageError, match=f"^--out: '{draft}' cannot be removed: "):
        anyio.run(check_file, order)
    assert names(tmp_path) == [draft.name, "numbers.txt"]


@pytest.mark.parametrize(
    "content",
    [b'["', b'["fingerprint","2026-11-21T09:00:00Z"]', b"{}\n", b"\n", b"\0" * 9, b"x" * 5000],
)
def test_what_is_no_journal_is_left_exactly_as_it_was(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.csv.part"
    file.write_bytes(content)
    file.chmod(0o644)
    os.utime(file, ns=(0, 0))
    with pytest.raises(JournalError) as refused:
        Journal.open(file, "fingerprint")
    assert str(refused.value) == f"'{file}' {MOVE}"
    assert (mode(file), file.read_bytes()) == (0o644, content)
    assert file.stat().st_mtime_ns == 0


def test_an_empty_file_and_ones_own_journal_are_taken_and_made_private(tmp_path: Path) -> None:
    file = tmp_path / "x.csv.part"
    file.touch()
    for kept in (0, 1):
        file.chmod(0o644)
        journal = Journal.open(file, "fingerprint")
        assert (mode(file), journal.count) == (0o600, kept)
        journal.add(NUMBER, None)
        journal.close(remove=False)


def test_half_a_first_line_on_a_full_disk_is_not_left(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))
    try:
        with pytest.raises(JournalError, match="cannot be written: File too large$"):
            Journal.open(tmp_path / "x.csv.part", "fingerprint")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == []


def refusal(order: Order) -> str:
    """Why it is not even begun."""
    with pytest.raises(UsageError) as refused:
        anyio.run(check_file, order)
    return str(refused.value)


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("name", ["other.csv.part", "other.csv.PART"])
def test_the_journal_of_another_run_is_no_output(order: Order, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    out.write_bytes(b"kept")
    (tmp_path / "link").symlink_to(out)
    for given in (out, tmp_path / "link"):
        assert refusal(Order(order.file, out=str(given), demo=True)) == (
            f"--out: '{given}' would be taken for the journal of another run;"
            " name one without .part"
        )
    assert out.read_bytes() == b"kept"
    assert names(tmp_path) == ["link", "numbers.txt", name]


@contextmanager
def standard_input(file: Path) -> Generator[None]:
    """As `< file` has it."""
    before = os.dup(0)
    with file.open("rb") as opened:
        os.dup2(opened.fileno(), 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


@pytest.mark.usefixtures("own_logging")
def test_the_input_is_neither_the_output_nor_its_journal(tmp_path: Path) -> None:
    file = tmp_path / "w.csv.part"
    file.write_text(f"{NUMBER}\n", encoding="utf-8")
    file.chmod(0o644)
    (tmp_path / "same.csv").symlink_to(tmp_path / "plain.csv")
    os.link(file, tmp_path / "plain.csv")
    output = "is the input itself; name another"
    journal = f"would have '{file}' for its journal, the input itself; name another"
    for out, said in (("plain.csv", output), ("same.csv", output), ("w.csv", journal)):
        path = str(tmp_path / out)
        assert refusal(Order(str(file), out=path, demo=True)) == f"--out: '{path}' {said}"
        with standard_input(file):
            assert refusal(Order("-", out=path, demo=True)) == f"--out: '{path}' {said}"
    assert (mode(file), file.read_text(encoding="utf-8")) == (0o644, f"{NUMBER}\n")


@pytest.mark.usefixtures("own_logging")
def test_the_journal_of_one_demo_is_not_that_of_another(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def launch(*, demo: bool, demo_db: str | None) -> None:
        pass

    def refuse(path: Path, fingerprint: str) -> Journal:
        seen.append(fingerprint)
        raise JournalError("seen")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "launch_emulator", launch)
    monkeypatch.setattr(Journal, "open", refuse)
    for database in (None, "a.db", "b.db", "./a.db", str(tmp_path / "a.db")):
        with suppress(UsageError):
            anyio.run(check_file, Order(order.file, out=order.out, demo=True, demo_db=database))
    assert len(seen) == 5
    assert len(set(seen)) == 3
    assert seen[1] == seen[3] == seen[4]

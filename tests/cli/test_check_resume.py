"""`sent-mcp check --out`: what stops it, and that it goes on where it was."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest

from sent_mcp.cli.check import Order, check_file
from sent_mcp.cli.check_journal import Journal, JournalError
from tests.cli.conftest import Ran, Shell
from tests.cli.test_check import KEY, client_of, page_of, reaching

PAGES = "GET /v3/contacts"
_SECONDS = 30.0


@dataclass(frozen=True)
class Desk:
    """A file of numbers, where its answers go, and the API that has them."""

    shell: Shell
    api: httpx.Client

    @property
    def out(self) -> Path:
        """The file that is asked for."""
        return self.shell.home / "out.csv"

    @property
    def journal(self) -> Path:
        """What is kept until then."""
        return self.shell.home / "out.csv.part"

    @property
    def words(self) -> tuple[str, ...]:
        """The command, always the same."""
        return ("check", str(self.shell.home / "numbers.txt"), "--out", str(self.out))

    @property
    def kept(self) -> list[bytes]:
        """The whole lines of the journal below its first one."""
        if not self.journal.exists():
            return []
        return [line for line in self.journal.read_bytes().split(b"\n")[1:-1] if line]

    def run(self, *words: str) -> Ran:
        """The command, to its end."""
        return self.shell.run(*self.words, *words, **reaching(self.api))

    def answering(self, pages: int, **then: object) -> None:
        """Let the API answer so many requests, and then only this."""
        first = {"match": PAGES, "kind": "delay", "seconds": 0, "times": pages}
        faults = [first] * bool(pages) + [{"match": PAGES, "times": 10_000, **then}] * bool(then)
        self.api.post("/__emulator/faults", json=faults).raise_for_status()
        self.api.delete("/__emulator/requests").raise_for_status()

    def stop_in_the_middle(self, stop: Callable[["subprocess.Popen[str]"], None]) -> Ran:
        """Run until three pages were read and the API is silent, and then stop it so."""
        self.answering(3, kind="delay", seconds=3600)
        with self.shell.start(*self.words, **reaching(self.api)) as process:
            until(lambda: len(self.kept) == 300 and len(self.requests()) > 3, process)
            stop(process)
            out, err = process.communicate(timeout=_SECONDS)
        self.answering(0)
        return Ran(process.returncode, out, err)

    def requests(self) -> list[object]:
        """What the API was asked so far."""
        return self.api.get("/__emulator/requests").json()


def until(is_so: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for it, as long as the process runs."""
    end = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < end
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"it ended with {process.wait(0.02)}")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx.Client]:
    """Ten pages of contacts, served."""
    shell = Shell(tmp_path_factory.mktemp("emulator"))
    with shell.emulator("--contacts", "1000") as address, client_of(address) as client:
        yield client


@pytest.fixture(scope="module")
def numbers(api: httpx.Client) -> str:
    """All contacts, and twenty who are none, as lines."""
    numbers = [number for page in range(1, 11) for number in page_of(api, page)]
    return "\n".join([*numbers, *(f"+14155550{number}" for number in range(160, 180))])


@pytest.fixture(scope="module")
def whole(api: httpx.Client, numbers: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file as a run that nothing stops writes it."""
    desk = Desk(Shell(tmp_path_factory.mktemp("whole")), api)
    (desk.shell.home / "numbers.txt").write_text(numbers, encoding="utf-8")
    assert desk.run().code == 0
    return desk.out.read_bytes()


@pytest.fixture
def desk(shell: Shell, api: httpx.Client, numbers: str) -> Desk:
    """One of its own."""
    (shell.home / "numbers.txt").write_text(numbers, encoding="utf-8")
    return Desk(shell, api)


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_run_that_is_stopped_goes_on_to_the_same_end(
    desk: Desk, whole: bytes, stop: signal.Signals, code: int
) -> None:
    ran = desk.stop_in_the_middle(lambda process: process.send_signal(stop))
    assert ran == Ran(
        code,
        "",
        f"Stopped: 300 of 1,020 numbers are decided and kept in '{desk.journal}';"
        " the same command goes on from there.\n",
    )
    assert (desk.out.exists(), desk.journal.stat().st_mode & 0o777) == (False, 0o600)
    again = desk.run()
    assert again.code == 0
    assert again.err.startswith(
        "Going on: 300 of 1,020 numbers were decided by a run that began at 20"
    )
    assert "not checked: 0\nrequests: 10, " in again.err
    assert desk.out.read_bytes() == whole
    assert sorted(path.name for path in desk.shell.home.iterdir()) == ["numbers.txt", "out.csv"]


def test_a_run_that_is_killed_goes_on_behind_its_last_whole_line(desk: Desk, whole: bytes) -> None:
    assert desk.stop_in_the_middle(lambda process: process.kill()).code == -signal.SIGKILL
    torn = desk.journal.read_bytes()
    desk.journal.write_bytes(torn[:-20])
    again = desk.run()
    assert (again.code, again.out) == (0, "")
    assert again.err.startswith("Going on: 299 of 1,020 numbers were decided")
    assert desk.out.read_bytes() == whole


def test_a_run_that_was_killed_before_its_first_line_begins_anew(desk: Desk) -> None:
    desk.journal.touch()
    ran = desk.run()
    assert (ran.code, desk.journal.exists()) == (0, False)
    assert ran.err.startswith("input: 1,020, ")


def test_only_one_run_at_a_time_works_on_a_file(desk: Desk) -> None:
    said: list[Ran] = []

    def begin_another(process: "subprocess.Popen[str]") -> None:
        said.append(desk.run())
        process.terminate()

    assert desk.stop_in_the_middle(begin_another).code == 143
    refused = f"USAGE: --out: another run is at work on it ('{desk.journal}' is locked)\n"
    assert said == [Ran(2, "", refused)]
    assert len(desk.kept) == 300


def test_a_journal_of_something_else_is_refused_and_kept(desk: Desk) -> None:
    desk.stop_in_the_middle(lambda process: process.terminate())
    before = desk.journal.read_bytes()
    ran = desk.run("--region", "DE")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"USAGE: --out: '{desk.journal}' is the journal of a run with another input, column,"
        " region or account: delete it, or choose another --out\n"
    )
    assert desk.journal.read_bytes() == before


def test_a_journal_that_is_none_or_damaged_is_refused_and_kept(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "out.csv.part", "mine")
    journal.add("+14155550160", None)
    journal.close(remove=False)
    whole = journal.path.read_bytes()
    for content, what in (
        (b"dear diary\n", "is no journal of this command: move it"),
        (b"dear diary", "is no journal of this command: move it"),
        (whole + b"?\n" + whole, "is damaged: delete it"),
    ):
        journal.path.write_bytes(content)
        with pytest.raises(JournalError) as refused:
            Journal.open(journal.path, "mine")
        said = f"'{journal.path}' {what}, or choose another --out"
        assert str(refused.value) == said
        assert journal.path.read_bytes() == content


def test_what_could_not_be_checked_is_said_in_its_row_and_made_up_for(
    desk: Desk, whole: bytes
) -> None:
    desk.answering(3, kind="status", status=403)
    ran = desk.run()
    desk.answering(0)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("AUTH_004: ")
    assert "not checked: 720\n" in ran.err
    assert ran.err.splitlines()[-1] == (
        f"Not finished: 300 of 1,020 numbers are decided and kept in '{desk.journal}';"
        " the same command goes on from there."
    )
    assert f"\nWritten to '{desk.out}'.\n" in ran.err
    rows = desk.out.read_text(encoding="utf-8").splitlines()[1:]
    assert sum(row.endswith(",unknown,unknown,,,,not checked: AUTH_004") for row in rows) == 720
    assert desk.run().code == 0
    assert desk.out.read_bytes() == whole
    assert not desk.journal.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (2, "without --out FILE nothing is kept to go on with."),
        (4, "the same command begins anew."),
    ],
    ids=["stdout", "file"],
)
def test_where_nothing_is_kept_it_says_so_and_leaves_nothing(
    desk: Desk, words: int, said: str
) -> None:
    desk.answering(0, kind="delay", seconds=3600)
    with desk.shell.start(*desk.words[:words], **reaching(desk.api)) as process:
        until(lambda: len(desk.requests()) > 0, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=_SECONDS)
    desk.answering(0)
    assert (process.returncode, out) == (130, "")
    assert err == f"Stopped: 0 of 1,020 numbers are decided; {said}\n"
    assert [path.name for path in desk.shell.home.iterdir()] == ["numbers.txt"]


@pytest.mark.usefixtures("own_logging")
def test_a_disk_that_is_full_ends_it_and_loses_nothing(
    desk: Desk, whole: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in reaching(desk.api).items():
        monkeypatch.setenv(name, value)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        code = anyio.run(check_file, Order(desk.words[1], out=str(desk.out)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert said.err.startswith(f"--out: '{desk.journal}' cannot be written: File too large.")
    assert not desk.out.exists()
    again = desk.run()
    assert again.err.startswith("Going on: ")
    assert (again.code, desk.out.read_bytes()) == (0, whole)


def test_an_ignored_ctrl_c_stays_ignored(desk: Desk) -> None:
    def interrupt(process: "subprocess.Popen[str]") -> None:
        process.send_signal(signal.SIGINT)
        process.terminate()

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert desk.stop_in_the_middle(interrupt).code == 143
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_logging")
def test_a_file_that_is_there_keeps_its_permissions_and_its_link(desk: Desk) -> None:
    real = desk.shell.home / "real.csv"
    real.write_bytes(b"old")
    real.chmod(0o640)
    os.symlink(real, desk.out)
    assert anyio.run(check_file, Order(desk.words[1], out=str(desk.out), demo=True)) == 0
    assert desk.out.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes().startswith(b"input,phone_number,")
    assert KEY.encode() not in real.read_bytes()

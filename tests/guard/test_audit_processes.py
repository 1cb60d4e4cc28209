"""The audit log in processes of its own: several at once, a full disk, a reader that is stuck."""

import fcntl
import json
import select
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and limits are POSIX's")
START = """
import logging, os, resource, sys
from sent_mcp.guard.audit import AuditLog, Entry
from sent_mcp.guard.audit_destinations import PrivateFile
from sent_mcp.guard.audit_writer import MOST_WAITING

def entry(name):
    return Entry("local", "delete_contact", f"target {name}", "ab" * 32, "token", "deleted", name)

def write(log, names):
    for name in names:
        log.write(entry(str(name)))

"""


def started(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process that has the log."""
    return subprocess.Popen(
        [sys.executable, "-c", START + script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", said: str = "") -> tuple[str, str]:
    """What it wrote to stdout and stderr."""
    with process:
        try:
            out, err = process.communicate(said, timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, err
    return out, err


def names(text: str) -> list[str]:
    """The request id of every line."""
    return [json.loads(line)["request_id"] for line in text.splitlines()]


EACH_WRITES = """
log = AuditLog(sys.argv[1], max_bytes=int(sys.argv[3]), kept=1000)
input()
write(log, (f"{sys.argv[2]}{n}" for n in range(2000)))
log.close()
"""


@pytest.mark.parametrize("max_bytes", [10_000_000, 30_000], ids=["one file", "rotated"])
def test_two_processes_lose_no_line(tmp_path: Path, max_bytes: int) -> None:
    """Hosts start a server per conversation, and both may find the file full."""
    file = tmp_path / "audit.jsonl"
    both = [started(EACH_WRITES, file, name, max_bytes) for name in "ab"]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [ended(process) for process in both] == [("", "")] * 2
    older = sorted(tmp_path.glob("audit.jsonl.*"), key=lambda path: -int(path.suffix[1:]))
    assert bool(older) == (max_bytes < 1_000_000)
    found = names("".join(path.read_text() for path in [*older, file]))
    for name in "ab":
        assert [each for each in found if each[0] == name] == [f"{name}{n}" for n in range(2000)]
    assert len(found) == 4000


FULL_DISK = """
log = AuditLog(sys.argv[1])
write(log, "a")
log.close()
size = os.stat(sys.argv[1]).st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (2 * size + size // 2, resource.RLIM_INFINITY))
write(log, "bcdef")
log.close()
failing = PrivateFile(sys.argv[1], 0, 0)
try:
    failing.handle(logging.makeLogRecord({"msg": "x"}))
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
write(log, "gh")
log.close()
"""


def test_a_full_disk_spoils_one_line_and_is_said_once(tmp_path: Path) -> None:
    """A file may not grow here, which ends in the middle of a line like a disk that is full.

    Whoever failed keeps no other from the file.
    """
    file = tmp_path / "audit.jsonl"
    out, err = ended(started(FULL_DISK, file))
    assert out == "File too large\n"
    assert err == "the audit log could not be written ([Errno 27] File too large)\n"
    a, b, torn, *rest = file.read_text().splitlines(keepends=True)
    assert names(a + b + "".join(rest)) == ["a", "b", "g", "h"]
    assert torn.startswith('{"time": ')


UNREAD = """
log = AuditLog("-")
write(log, range(MOST_WAITING + 5000))
print("done", flush=True)
input()
log.close()
"""


def test_a_stderr_that_nobody_reads_holds_up_nobody(tmp_path: Path) -> None:
    """What does not fit into memory either is counted and said when somebody reads again."""
    process = started(UNREAD)
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], 60)
    if not readable:
        process.kill()
    out, err = ended(process, "\n")
    assert out == "done\n"
    said = [line for line in err.splitlines() if line.startswith("the audit log was too slow")]
    kept = names("\n".join(line for line in err.splitlines() if line not in said))
    assert kept == [str(n) for n in range(len(kept))]
    assert said == [f"the audit log was too slow and lost {15000 - len(kept)} entries"]


GIVEN_UP = """
log = AuditLog(sys.argv[1])
write(log, range(2000))
log.close()
"""


def test_a_write_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    """A host that closed stdin waits for its server to end.

    One stderr is not read, and one file is held by a process that does not go on.
    """
    file = tmp_path / "audit.jsonl"
    with file.open("w") as held:
        file.chmod(0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        for process in [started(GIVEN_UP, destination) for destination in ("-", file)]:
            with process:
                try:
                    assert process.wait(timeout=60) == 0
                finally:
                    process.kill()
    assert file.read_text() == ""


NO_STDERR = """
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
log = AuditLog("-")
write(log, "ab")
log.close()
print(file, os.fstat(file).st_size)
"""


def test_without_a_stderr_nothing_is_written_into_what_has_its_number(tmp_path: Path) -> None:
    """The first file that is opened gets it."""
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
    python = [sys.executable, "-c", START + NO_STDERR, tmp_path / "file"]
    done = subprocess.run([*shell, *python], stdout=subprocess.PIPE, timeout=60, check=True)
    assert done.stdout == b"2 0\n"


REPLACED = """
def away(event, _):
    if event == "fcntl.flock":
        os.unlink(sys.argv[1])

sys.addaudithook(away)
log = AuditLog(sys.argv[1])
write(log, "ab")
log.close()
"""


def test_a_file_that_never_stays_is_given_up(tmp_path: Path) -> None:
    """Rather than tried for ever."""
    out, err = ended(started(REPLACED, tmp_path / "audit.jsonl"))
    reason = "the file is replaced again and again"
    assert (out, err) == ("", f"the audit log could not be written ({reason})\n")

"""A file that only its owner may read: how it is made, and what is refused in its place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sent_mcp.private_file import NotPrivateError, close_to_others, open_own, open_private

needs_posix = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")


def used(path: Path) -> None:
    """Open the file and close it again."""
    os.close(open_private(path, os.O_RDWR))


def mode(path: Path) -> int:
    """The permission bits."""
    return path.stat().st_mode & 0o7777


def test_what_is_opened_can_be_read_and_written(tmp_path: Path) -> None:
    """And written to its end, when that is asked for."""
    file = tmp_path / "file"
    file.write_bytes(b"before ")
    descriptor = open_private(file, os.O_RDWR | os.O_APPEND)
    os.write(descriptor, b"after")
    os.lseek(descriptor, 0, os.SEEK_SET)
    assert os.read(descriptor, 100) == b"before after"
    os.close(descriptor)


@needs_posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_missing_file_is_made_for_its_owner_with_its_folder(tmp_path: Path, umask: int) -> None:
    """Whatever the user's own habit is."""
    before = os.umask(umask)
    try:
        used(tmp_path / "deep" / "file")
    finally:
        os.umask(before)
    assert mode(tmp_path / "deep" / "file") == 0o600
    assert mode(tmp_path / "deep") == 0o700


@needs_posix
def test_a_folder_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    """It may hold more than this file."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep").chmod(0o755)
    used(tmp_path / "deep" / "file")
    assert mode(tmp_path / "deep") == 0o755


@needs_posix
@pytest.mark.parametrize(("found", "left"), [(0o644, 0o600), (0o666, 0o600), (0o700, 0o700)])
def test_permissions_of_others_are_taken_away(tmp_path: Path, found: int, left: int) -> None:
    """The owner keeps theirs."""
    file = tmp_path / "file"
    file.write_text("kept")
    file.chmod(found)
    used(file)
    assert mode(file) == left
    assert file.read_text() == "kept"


@needs_posix
def test_a_file_that_may_be_somebody_elses_work_keeps_its_permissions(tmp_path: Path) -> None:
    """Until it is seen to be one's own; a missing one is private from the beginning."""
    file = tmp_path / "file"
    os.close(open_own(file, os.O_RDWR))
    assert mode(file) == 0o600
    file.chmod(0o644)
    descriptor = open_own(file, os.O_RDWR)
    assert mode(file) == 0o644
    close_to_others(descriptor)
    os.close(descriptor)
    assert mode(file) == 0o600


@needs_posix
@pytest.mark.parametrize("name", ["folder", "link", "second"])
def test_it_is_refused_for_the_same_reasons(tmp_path: Path, name: str) -> None:
    """And is left as it is."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "first").touch(mode=0o644)
    os.link(tmp_path / "first", tmp_path / "second")
    (tmp_path / "link").symlink_to("first")
    before = mode(tmp_path / name)
    with pytest.raises(NotPrivateError):
        open_own(tmp_path / name, os.O_RDWR)
    assert mode(tmp_path / name) == before


@needs_posix
def test_a_program_started_from_here_does_not_inherit_it(tmp_path: Path) -> None:
    """It would be open to whatever that program is."""
    descriptor = open_private(tmp_path / "file", os.O_RDWR)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


@pytest.mark.parametrize("target", ["file", "missing", "folder", "link"])
def test_a_symbolic_link_is_refused(tmp_path: Path, target: str) -> None:
    """Whoever made it would choose what is written to."""
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(NotPrivateError, match="^is a symbolic link$"):
        used(tmp_path / "link")
    assert (tmp_path / "file").read_text() == "kept"
    assert not (tmp_path / "missing").exists()


@needs_posix
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
@pytest.mark.parametrize("name", ["folder", "fifo", "/dev/null"])
def test_what_is_no_ordinary_file_is_refused(tmp_path: Path, name: str, flags: int) -> None:
    """At once: a FIFO would wait for its other end."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NotPrivateError, match="^is not an ordinary file$"):
        open_private(tmp_path / name, flags)


SWAPPED = """
import os, sys
from pathlib import Path
from sent_mcp.private_file import open_private

file, make = Path(sys.argv[1]), {"fifo": os.mkfifo, "link": lambda file: os.symlink("x", file)}

def swap(event, arguments):
    if event == "open" and str(arguments[0]) == str(file):
        make[sys.argv[2]](file)

sys.addaudithook(swap)
try:
    open_private(file, os.O_RDONLY)
except OSError as error:
    print(error)
print(os.listdir(file.parent), len(os.listdir("/dev/fd")))
"""


@needs_posix
@pytest.mark.parametrize(
    ("kind", "reason"), [("fifo", "is not an ordinary file"), ("link", "symbolic links")]
)
def test_what_is_put_in_place_at_the_last_moment_is_refused(
    tmp_path: Path, kind: str, reason: str
) -> None:
    """Between the first look and the opening; the second look is at what was opened."""
    command = [sys.executable, "-c", SWAPPED, tmp_path / "file", kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    refused, left = done.stdout.splitlines()
    assert reason in refused
    assert left == "['file'] 4"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_somebody_elses_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """Its owner could read it and change it."""
    file = tmp_path / "file"
    file.write_text("kept")
    file.chmod(0o644)
    os.chown(file, 12345, 12345)
    with pytest.raises(NotPrivateError, match="^belongs to somebody else$"):
        used(file)
    assert mode(file) == 0o644


def test_a_refusal_is_an_oserror_like_any_other(tmp_path: Path) -> None:
    """So that whoever opens a file catches one kind of error."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        used(tmp_path / "file" / "below")
    assert issubclass(NotPrivateError, OSError)


@needs_posix
def test_a_refusal_leaves_nothing_open(tmp_path: Path) -> None:
    """The same number is given to whatever is opened next."""
    first = os.open(tmp_path, os.O_RDONLY)
    os.close(first)
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("link", ""):
        with pytest.raises(NotPrivateError):
            used(tmp_path / name)
    again = os.open(tmp_path, os.O_RDONLY)
    os.close(again)
    assert again == first

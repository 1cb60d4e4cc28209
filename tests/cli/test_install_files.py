"""`sent-mcp install` on files that are no ordinary ones of the user's, and what it leaves there."""

import errno
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import sent_mcp
from tests.cli.here import Here
from tests.cli.test_install_refusals import is_refused
from tests.hosts.existing import EXISTING


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_a_file_is_read_to_any_depth_or_refused(here: Here) -> None:
    """Deeper than the interpreter can go is a refusal as well."""
    file = EXISTING["cursor"].in_home(here.home)
    file.write_text('{"x": ' + "[" * 600 + "]" * 600 + "}")
    assert here.run("install", "cursor").code == 0
    file = EXISTING["vscode"].in_home(here.home)
    file.write_text('{"servers": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}")
    is_refused(here, file, "too many levels", "vscode")


def test_a_huge_file_is_not_read(here: Here) -> None:
    file = EXISTING["cursor"].in_home(here.home)
    with open(file, "wb") as stream:
        stream.truncate(10_000_000_000)
    is_refused(here, file, "has more than 64 MB, which no settings have", "cursor")


def test_a_disk_that_is_full_leaves_everything_as_it_was(here: Here) -> None:
    """No half of a backup, and none of a draft."""
    file = EXISTING["cursor"].in_home(here.home)
    file.write_text('{"x": "' + "y" * 5_000 + '"}')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, limits[1]))
    try:
        is_refused(here, file, os.strerror(errno.EFBIG), "cursor")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def linked(file: Path) -> None:
    kept = file.with_name("dotfiles")
    kept.write_text("{}")
    file.symlink_to(kept)


def linked_to_nothing(file: Path) -> None:
    file.symlink_to("\x1b[2Jnowhere")


def twice_there(file: Path) -> None:
    file.write_text("{}")
    os.link(file, file.with_name("other"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (linked, "is a symbolic link to"),
        (twice_there, "has a second name (a hard link)"),
        (Path.mkdir, "is not an ordinary file"),
        (os.mkfifo, "is not an ordinary file"),
        (linked_to_nothing, "is a symbolic link to \\u{1b}[2Jnowhere"),
    ],
    ids=["link", "hard link", "folder", "pipe", "broken link"],
)
def test_only_an_ordinary_file_is_replaced(
    here: Here, make: Callable[[Path], None], words: str
) -> None:
    file = EXISTING["cursor"].in_home(here.home)
    make(file)
    is_refused(here, file, words, "cursor")


AS_NOBODY = """
import os
from importlib import import_module

for name in ("sent_mcp.cli.app", "sent_mcp.cli.install", "anyio._backends._asyncio"):
    import_module(name)
if os.getuid() == 0:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
import_module("sent_mcp.cli.app").app(["install", "cursor"])
"""


def anybody_can_read(path: Path) -> bool:
    """Whether somebody without rights gets there."""
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (path, *path.parents))


@pytest.mark.skipif(
    not all(
        anybody_can_read(Path(each)) for each in (sys.prefix, sys.base_prefix, sent_mcp.__path__[0])
    ),
    reason="nobody but its owner can run what is installed here",
)
@pytest.mark.parametrize(
    ("mode", "folder", "said"),
    [
        (0o600, 0o700, ""),
        (0o000, 0o700, "mcp.json: Permission denied"),
        (0o600, 0o500, "mcp.json.sent-mcp-backup: Permission denied"),
        (0o600, 0o000, "mcp.json: Permission denied"),
    ],
)
def test_what_may_not_be_read_or_written_is_said(mode: int, folder: int, said: str) -> None:
    """Root may do everything, so the command becomes somebody else, where anybody can go."""
    with tempfile.TemporaryDirectory() as home:
        file = EXISTING["cursor"].in_home(Path(home))
        file.write_text("{}")
        file.chmod(mode)
        file.parent.chmod(folder)
        if os.getuid() == 0:
            for path in (Path(home), file.parent, file):
                os.chown(path, 65534, 65534)
        ran = subprocess.run(
            [sys.executable, "-c", AS_NOBODY],
            env={"HOME": home},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        file.parent.chmod(0o700)
        assert ran.returncode == bool(said)
        assert said in ran.stderr
        assert ran.stderr.count("\n") == bool(said)
        assert len(list(file.parent.iterdir())) == (1 if said else 2)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_elses_is_refused(here: Here) -> None:
    """With sudo, the file would be root's afterwards."""
    file = EXISTING["cursor"].in_home(here.home)
    file.write_text("{}")
    os.chown(file, 12345, 12345)
    is_refused(here, file, "belongs to somebody else; run this as its owner", "cursor")
    file.unlink()
    os.chown(file.parent, 12345, 12345)
    is_refused(here, file, f"{file.parent} belongs to somebody else", "cursor")


def test_an_older_backup_stays(here: Here) -> None:
    """The next one gets a number; the same contents are not kept twice."""
    file = EXISTING["zed"].in_home(here.home)
    for text in ("{}", '{"a": 1}', "{}"):
        file.write_text(text)
        assert here.run("install", "zed").code == 0
    backups = sorted(file.parent.glob("*.sent-mcp-backup*"))
    assert [backup.read_text() for backup in backups] == ["{}", '{"a": 1}']
    assert [backup.name for backup in backups] == [
        "settings.json.sent-mcp-backup",
        "settings.json.sent-mcp-backup-2",
    ]

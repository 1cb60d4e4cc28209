"""`sent-mcp install` on bad input: refused in words, and not a byte is changed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import sent_mcp
from sent_mcp.hosts import HOSTS, HostName
from tests.cli.conftest import Shell
from tests.hosts.existing import EXISTING

KEY = "sk_live_9f8e7d6c5b4a"
EVERY_HOST = pytest.mark.parametrize("host", HOSTS)


def is_refused(shell: Shell, file: Path, words: str, *flags: str) -> None:
    """The command ends with 1, these words, and nothing done."""
    before = sorted((path, path.lstat().st_mtime_ns) for path in file.parent.iterdir())
    ran = shell.run("install", *flags)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("INSTALL: ")
    assert words in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert sorted((path, path.lstat().st_mtime_ns) for path in file.parent.iterdir()) == before


@EVERY_HOST
@pytest.mark.parametrize("flag", [(), ("--remove",)])
def test_a_file_that_cannot_be_read_is_named_with_the_place(
    shell: Shell, host: HostName, flag: tuple[str, ...]
) -> None:
    file = EXISTING[host].in_home(shell.home)
    file.write_text(EXISTING[host].text + "\n}} nonsense")
    line = EXISTING[host].text.count("\n") + 2
    is_refused(shell, file, f"{file}: line {line}, column ", host, *flag)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"mcpServers": {}, "mcpServers": {}}', 'line 1: there is a second "mcpServers"'),
        (b'{"mcpServers": {"sent": {}, "sent": {}}}', '"sent"'),
        (b'{"mcpServers": []}', '"mcpServers" is no list of servers by name'),
        (b'{"mcpServers": null}', '"mcpServers" is no list of servers by name'),
        (b"[]", "line 1: an object was expected"),
        (b'{\n"a": "\xff"}', "line 2 is not UTF-8"),
        ("{}".encode("utf-16"), "line 1 is not UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_refused(shell: Shell, data: bytes, words: str) -> None:
    file = EXISTING["cursor"].in_home(shell.home)
    file.write_bytes(data)
    is_refused(shell, file, words, "cursor")


@pytest.mark.parametrize("text", ["", "\n", "{}", "// nothing\n", " {\n}\n"])
def test_a_file_with_nothing_in_it_is_none_of_these(shell: Shell, text: str) -> None:
    file = EXISTING["zed"].in_home(shell.home)
    file.write_text(text)
    assert shell.run("install", "zed").code == 0
    assert SENT in file.read_text()
    assert shell.run("install", "zed", "--remove").code == 0
    assert file.read_text() == text


SENT = '"sent": {'


@EVERY_HOST
def test_an_entry_of_somebody_elses_is_left_alone(shell: Shell, host: HostName) -> None:
    """To be put in, and to be taken out."""
    file = EXISTING[host].in_home(shell.home)
    section = HOSTS[host].section[0]
    other = f'{{"{section}": {{"sent": {{"command": "npx", "args": ["sent"]}}}}}}'
    if HOSTS[host].is_toml:
        other = f'[{section}.sent]\ncommand = "npx"\nargs = ["sent"]\n'
    file.write_text(other)
    words = 'there is an entry "sent" already that starts something else; rename it'
    is_refused(shell, file, words, host)
    is_refused(shell, file, "starts something else, and is left alone", host, "--remove")


@EVERY_HOST
def test_a_host_that_is_not_there_gets_no_folder(shell: Shell, host: HostName) -> None:
    words = f"{HOSTS[host].title} does not seem to be installed: there is no folder"
    is_refused(shell, shell.home / "file", words, host)
    ran = shell.run("install", host, HOME="")
    assert (ran.code, ran.out) == (1, "")
    assert "HOME does not name a folder" in ran.err


@EVERY_HOST
def test_nothing_to_remove_is_said(shell: Shell, host: HostName) -> None:
    file = EXISTING[host].in_home(shell.home)
    is_refused(shell, file, f"there is no {file}, so nothing to remove", host, "--remove")
    file.write_text(EXISTING[host].text)
    is_refused(shell, file, f'{file}: there is no entry "sent"', host, "--remove")


def linked(file: Path) -> None:
    kept = file.with_name("dotfiles")
    kept.write_text("{}")
    file.symlink_to(kept)


def linked_to_nothing(file: Path) -> None:
    file.symlink_to("nowhere")


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
        (linked_to_nothing, "is a symbolic link to nowhere"),
    ],
    ids=["link", "hard link", "folder", "pipe", "broken link"],
)
def test_only_an_ordinary_file_is_replaced(
    shell: Shell, make: Callable[[Path], None], words: str
) -> None:
    file = EXISTING["cursor"].in_home(shell.home)
    make(file)
    is_refused(shell, file, words, "cursor")


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
def test_a_file_of_somebody_elses_is_refused(shell: Shell) -> None:
    """With sudo, the file would be root's afterwards."""
    file = EXISTING["cursor"].in_home(shell.home)
    file.write_text("{}")
    os.chown(file, 12345, 12345)
    is_refused(shell, file, "belongs to somebody else; run this as its owner", "cursor")


def test_an_older_backup_stays(shell: Shell) -> None:
    """The next one gets a number; the same contents are not kept twice."""
    file = EXISTING["zed"].in_home(shell.home)
    for text in ("{}", '{"a": 1}', "{}"):
        file.write_text(text)
        assert shell.run("install", "zed").code == 0
    backups = sorted(file.parent.glob("*.sent-mcp-backup*"))
    assert [backup.read_text() for backup in backups] == ["{}", '{"a": 1}']
    assert [backup.name for backup in backups] == [
        "settings.json.sent-mcp-backup",
        "settings.json.sent-mcp-backup-2",
    ]


@EVERY_HOST
def test_the_key_is_written_only_when_asked_and_never_shown(shell: Shell, host: HostName) -> None:
    """Into a file that is for its owner alone from then on; and into no backup."""
    file = EXISTING[host].in_home(shell.home)
    file.write_text(EXISTING[host].text)
    file.chmod(0o644)
    for flags in ((), ("--print",), ("--demo",)):
        ran = shell.run("install", host, *flags, SENT_API_KEY=KEY)
        assert ran.code == 0
        assert KEY not in ran.out + ran.err + file.read_text()
    ran = shell.run("install", host, "--with-key", SENT_API_KEY=KEY)
    assert ran.code == 0
    assert "The key stands readable in that file" in ran.out
    assert KEY not in ran.out + ran.err
    assert file.read_text().count(KEY) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert shell.run("install", host).out.startswith("Nothing to do")
    for flags in (("--demo",), ("--with-key",), ("--remove",)):
        ran = shell.run("install", host, *flags, SENT_API_KEY=KEY)
        assert (ran.code, KEY in ran.out + ran.err) == (0, False)
    for path in file.parent.glob("*"):
        assert path.is_dir() or KEY not in path.read_text()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "MISSING_KEY: SENT_API_KEY is not set"),
        ("${SENT_API_KEY}", "PLACEHOLDER_KEY: "),
        ("your-api-key", "PLACEHOLDER_KEY: "),
    ],
)
def test_no_key_and_no_placeholder_is_written(shell: Shell, key: str, words: str) -> None:
    file = EXISTING["cursor"].in_home(shell.home)
    ran = shell.run("install", "cursor", "--with-key", SENT_API_KEY=key)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert not file.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("cursor", "--remove", "--print"),
        ("cursor", "--remove", "--demo"),
        ("cursor", "--remove", "--with-key"),
        ("cursor", "--print", "--with-key"),
        ("cursor", "--demo", "--with-key"),
        ("emacs",),
        (),
    ],
)
def test_words_that_do_not_go_together_are_wrong_usage(
    shell: Shell, words: tuple[str, ...]
) -> None:
    ran = shell.run("install", *words, SENT_API_KEY=KEY)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err

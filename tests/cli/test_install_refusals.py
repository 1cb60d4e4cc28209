"""`sent-mcp install` on bad input: refused in words, and not a byte is changed."""

from pathlib import Path

import pytest

from sent_mcp.hosts import HOSTS, HostName
from tests.cli.conftest import Shell
from tests.cli.here import Here
from tests.hosts.existing import EXISTING

KEY = "sk_live_9f8e7d6c5b4a"
EVERY_HOST = pytest.mark.parametrize("host", HOSTS)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def is_refused(here: Here, file: Path, words: str, *flags: str) -> None:
    """The command ends with 1, these words, and nothing done."""
    before = sorted((path, path.lstat().st_mtime_ns) for path in file.parent.iterdir())
    ran = here.run("install", *flags)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("INSTALL: ")
    assert words in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert sorted((path, path.lstat().st_mtime_ns) for path in file.parent.iterdir()) == before


def test_a_refusal_is_the_end_of_the_command(shell: Shell) -> None:
    """Its exit code, and its words where nobody reads them for an entry."""
    ran = shell.run("install", "zed")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("INSTALL: Zed does not seem to be installed")


@EVERY_HOST
@pytest.mark.parametrize("flag", [(), ("--remove",)])
def test_a_file_that_cannot_be_read_is_named_with_the_place(
    here: Here, host: HostName, flag: tuple[str, ...]
) -> None:
    file = EXISTING[host].in_home(here.home)
    file.write_text(EXISTING[host].text + "\n}} nonsense")
    line = EXISTING[host].text.count("\n") + 2
    is_refused(here, file, f"{file}: line {line}, column ", host, *flag)


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
        (b'{"a": "\0"}', "line 1, column 8: invalid control character"),
    ],
)
def test_a_file_of_another_kind_is_refused(here: Here, data: bytes, words: str) -> None:
    file = EXISTING["cursor"].in_home(here.home)
    file.write_bytes(data)
    is_refused(here, file, words, "cursor")


@pytest.mark.parametrize("text", ["", "\n", "{}", "// nothing\n", " {\n}\n"])
def test_a_file_with_nothing_in_it_is_none_of_these(here: Here, text: str) -> None:
    file = EXISTING["zed"].in_home(here.home)
    file.write_text(text)
    assert here.run("install", "zed").code == 0
    assert SENT in file.read_text()
    assert here.run("install", "zed", "--remove").code == 0
    assert file.read_text() == text


SENT = '"sent": {'


@EVERY_HOST
def test_an_entry_of_somebody_elses_is_left_alone(here: Here, host: HostName) -> None:
    """To be put in, and to be taken out."""
    file = EXISTING[host].in_home(here.home)
    section = HOSTS[host].section[0]
    other = f'{{"{section}": {{"sent": {{"command": "npx", "args": ["sent"]}}}}}}'
    if HOSTS[host].is_toml:
        other = f'[{section}.sent]\ncommand = "npx"\nargs = ["sent"]\n'
    file.write_text(other)
    words = 'there is an entry "sent" already that starts something else; rename it'
    is_refused(here, file, words, host)
    is_refused(here, file, "starts something else, and is left alone", host, "--remove")


@EVERY_HOST
def test_a_host_that_is_not_there_gets_no_folder(here: Here, host: HostName) -> None:
    words = f"{HOSTS[host].title} does not seem to be installed: there is no folder"
    is_refused(here, here.home / "file", words, host)
    ran = here.run("install", host, HOME="")
    assert (ran.code, ran.out) == (1, "")
    assert "HOME does not name a folder" in ran.err


@EVERY_HOST
def test_nothing_to_remove_is_said(here: Here, host: HostName) -> None:
    file = EXISTING[host].in_home(here.home)
    is_refused(here, file, f"there is no {file}, so nothing to remove", host, "--remove")
    file.write_text(EXISTING[host].text)
    is_refused(here, file, f'{file}: there is no entry "sent"', host, "--remove")


@EVERY_HOST
def test_the_key_is_written_only_when_asked_and_never_shown(here: Here, host: HostName) -> None:
    """Into a file that is for its owner alone from then on; and into no backup."""
    file = EXISTING[host].in_home(here.home)
    file.write_text(EXISTING[host].text)
    file.chmod(0o644)
    for flags in ((), ("--print",), ("--demo",)):
        ran = here.run("install", host, *flags, SENT_API_KEY=KEY)
        assert ran.code == 0
        assert KEY not in ran.out + ran.err + file.read_text()
    ran = here.run("install", host, "--with-key", SENT_API_KEY=KEY)
    assert ran.code == 0
    assert "The key stands readable in that file" in ran.out
    assert KEY not in ran.out + ran.err
    assert file.read_text().count(KEY) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert here.run("install", host).out.startswith("Nothing to do")
    for flags in (("--demo",), ("--with-key",), ("--remove",)):
        ran = here.run("install", host, *flags, SENT_API_KEY=KEY)
        assert (ran.code, KEY in ran.out + ran.err) == (0, False)
    for path in file.parent.glob("*"):
        assert path.is_dir() or KEY not in path.read_text()


def test_a_key_that_others_can_read_meanwhile_is_closed_to_them_again(here: Here) -> None:
    """Hosts write their settings anew, with permissions of their own."""
    file = EXISTING["cursor"].in_home(here.home)
    here.run("install", "cursor", "--with-key", SENT_API_KEY=KEY)
    file.chmod(0o666)
    ran = here.run("install", "cursor")
    assert ran.out.startswith(f"Others could read the key in {file}; now only you can.\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert here.run("install", "cursor").out.startswith("Nothing to do")


def test_a_path_that_no_file_can_hold_is_refused(here: Here) -> None:
    """A name that is no UTF-8 on this machine."""
    file = EXISTING["cursor"].in_home(here.home)
    ran = here.run("install", "cursor", SENT_API_KEY_FILE="/tmp/\udcff")
    assert (ran.code, ran.out, file.exists()) == (1, "", False)
    assert "the path in SENT_API_KEY_FILE, '/tmp/\\udcff', cannot be written" in ran.err


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "MISSING_KEY: SENT_API_KEY is not set"),
        ("${SENT_API_KEY}", "PLACEHOLDER_KEY: "),
        ("your-api-key", "PLACEHOLDER_KEY: "),
    ],
)
def test_no_key_and_no_placeholder_is_written(here: Here, key: str, words: str) -> None:
    file = EXISTING["cursor"].in_home(here.home)
    ran = here.run("install", "cursor", "--with-key", SENT_API_KEY=key)
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
def test_words_that_do_not_go_together_are_wrong_usage(here: Here, words: tuple[str, ...]) -> None:
    ran = here.run("install", *words, SENT_API_KEY=KEY)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err

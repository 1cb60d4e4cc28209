"""Whoever types `sent-mcp` into a terminal is told what it is; a host never is."""

import os
import pty
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

import pytest

from sent_mcp import __version__
from tests.serving.raw import PIPE, Server, find, handshake, line, running, told

CTRL_C, CTRL_D = b"\x03", b"\x04"
TYPED = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@contextmanager
def typed(
    home: Path, *words: str, shown: bool = False, variables: Mapping[str, str] | None = None
) -> Generator[tuple[Server, int]]:
    """`sent-mcp` on a terminal, and its keyboard; what it answers is `shown` there too."""
    keyboard, terminal = pty.openpty()
    try:
        command = ("-c", TYPED, "-m", "sent_mcp", *words)
        stdout = terminal if shown else PIPE
        with running(home, command, stdin=terminal, stdout=stdout, variables=variables) as server:
            os.close(terminal)
            yield server, keyboard
    finally:
        os.close(keyboard)


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 128 + SIGINT), (CTRL_D, 0)], ids=["C", "D"])
def test_whoever_starts_it_by_hand_is_told_what_it_is(
    tmp_path: Path, key: bytes, code: int
) -> None:
    """Once, on stderr; and it serves all the same until a key ends it."""
    with typed(tmp_path, "--demo") as (server, keyboard):
        os.write(keyboard, handshake() + find(1))
        assert [server.hear()["id"] for _ in range(2)] == [0, 1]
        os.write(keyboard, key)
        ended, rest, said = server.end()
    assert (ended, rest) == (code, [])
    assert said.startswith(f"sent-mcp {__version__} is an MCP server for Sent (sent.dm). ")
    assert max(map(len, said.splitlines())) <= 80
    assert said.count("\n") <= 12
    for words in ("waits\nfor an MCP host", "on\nstdin. ", "Ctrl-D or Ctrl-C ends it.", "Demo: "):
        assert said.count(words) == 1
    for command in ("demo", "install HOST", "doctor", "--help"):
        assert said.count(f"\n  sent-mcp {command} ") == 1


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "There is no key to use: SENT_API_KEY is not set. Every call will say so."),
        ({"SENT_API_KEY": "${SENT_API_KEY}"}, "There is no key to use: SENT_API_KEY "),
        (
            {"SENT_API_KEY_FILE": "no/such/file"},
            "There is no key to use: the file named by SENT_API_KEY_FILE cannot be read: No",
        ),
        ({"SENT_API_KEY": "sk_live_of_somebody"}, "It has a key, and works on the real account."),
    ],
)
def test_they_are_told_what_it_works_on(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    """A key that is missing first of all, and never the key itself."""
    with typed(tmp_path, variables=variables) as (server, keyboard):
        os.write(keyboard, CTRL_D)
        code, rest, said = server.end()
    assert (code, rest) == (0, [])
    assert f"\n\n{words}" in said
    assert max(map(len, said.splitlines())) <= 80
    assert "sk_live" not in said


def test_answers_are_shown_to_whoever_typed_the_questions(tmp_path: Path) -> None:
    """A terminal takes them as they are."""
    with typed(tmp_path, "serve", "--demo", shown=True) as (server, keyboard):
        os.write(keyboard, handshake() + line("ping", "typed"))
        shown = b""
        while b'"id":"typed","result":{}}' not in shown:
            shown += os.read(keyboard, 65536)
        assert b"is an MCP server" not in shown
        os.write(keyboard, CTRL_D)
        assert server.end()[0] == 0


def test_nobody_is_told_where_nobody_types(tmp_path: Path) -> None:
    """Hosts show stderr to their users as if something were wrong."""
    assert told(tmp_path, handshake())[0]["id"] == 0


def test_wrong_settings_are_all_that_is_said(tmp_path: Path) -> None:
    """It does not claim to have started."""
    with typed(tmp_path, variables={"SENT_MCP_CONFIRM": "perhaps"}) as (server, _):
        code, rest, said = server.end()
    assert (code, rest, said.count("\n")) == (2, [], 1)

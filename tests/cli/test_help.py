"""What `--help` and `--version` say, and that nothing is left out."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sent_mcp import __version__
from sent_mcp.cli.app import app
from sent_mcp.cli.call import parse_arguments
from sent_mcp.cli.help_endings import ENDINGS
from sent_mcp.cli.help_pages import HelpedGroup
from sent_mcp.cli.serve_flags import parse_flags
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings
from tests.cli.conftest import COMMAND, Shell

COMMANDS = {
    "demo": (),
    "tools": ("--demo", "--demo-db", "--json"),
    "call": ("TOOL", "KEY=VALUE", "--args", "--demo", "--demo-db", "--json", "3  conf"),
    "check": (
        "FILE",
        "--column",
        "--region",
        "--encoding",
        "--out",
        "--format",
        "--demo",
        "--demo-db",
        "table|csv|json",
        "130  stopped",
    ),
    "install": ("HOST", "--demo", "--print", "--remove", "--with-key", "claude-code", "1  refused"),
    "doctor": ("--demo", "--json", "1  not usable"),
    "emulator": (
        "--host",
        "--port",
        "--db",
        "--contacts",
        "--latency-ms",
        "--strict-phones",
        "--requests-per-minute",
        "--api-key",
        "default: 127.0.0.1",
        "sk_test_emulator",
    ),
}


def test_the_installed_command_shows_its_version() -> None:
    command = Path(sys.executable).with_name("sent-mcp")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == (f"sent-mcp {__version__}\n", "")


def test_the_commands_are_listed_with_a_whole_sentence_each(shell: Shell) -> None:
    """What a newcomer needs comes first; `sent-mcp help` is the same."""
    ran = shell.run("help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == CliRunner().invoke(app, ["-h"], terminal_width=78).stdout
    assert "Without a command it serves MCP" in ran.out
    listed = re.findall(r"^  ([a-z]+) +([A-Z].*)$", ran.out, re.MULTILINE)
    assert sorted(name for name, _ in listed) == sorted(["serve", *COMMANDS])
    assert listed[0][0] == "demo"
    for _, sentence in listed:
        assert sentence.endswith(".")
        assert not sentence.endswith("...")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself(command: str, width: int) -> None:
    """In plain words: typer's names of types and its brackets say nothing to a newcomer."""
    ran = CliRunner().invoke(app, [command, "--help"], terminal_width=width)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert max(map(len, ran.stdout.splitlines())) <= width
    assert ran.stdout.startswith(f"Usage: sent-mcp {command} ")
    assert not re.search(r"[<{\x1b]|\[required\]|None", ran.stdout)
    assert ran.stdout.count("\nExit code:\n") == 1
    for word in COMMANDS[command]:
        assert word in ran.stdout


EXAMPLES = [
    (command, example) for command, ending in ENDINGS.items() for example in ending.examples
]


@pytest.mark.parametrize(("command", "example"), EXAMPLES)
def test_an_example_is_one_of_its_command_and_can_be_typed(command: str, example: str) -> None:
    """Each is read by the parser of its command."""
    program, *words = [word for word in shlex.split(example) if not re.match(r"[A-Z_]+=", word)]
    assert program == "sent-mcp"
    # The emulator's second example shows who uses it.
    name = words.pop(0) if words else "serve"
    assert name == command or command == "emulator"
    if name == "serve":
        parse_flags(words)
    else:
        group = get_command(app)
        assert isinstance(group, HelpedGroup)
        given = group.commands[name].make_context(name, words).params
        parse_arguments(given.get("arguments") or [], None)


@pytest.mark.parametrize(("variables", "bold"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_titles_are_bold_only_where_that_is_wanted(
    shell: Shell, variables: dict[str, str], bold: bool
) -> None:
    """On a terminal, unless whoever sits there does not want it; the words are the same."""
    ours, terminal = os.openpty()
    environment = shell.environment(TERM="xterm", **variables)
    words = [*COMMAND, "tools", "-h"]
    with subprocess.Popen(words, stdout=terminal, env=environment) as process:
        os.close(terminal)
        shown = b""
        # At its end a terminal is an error on Linux, and nothing on macOS.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
    plain = CliRunner().invoke(app, ["tools", "-h"], terminal_width=80).stdout
    assert process.returncode == 0
    assert (b"\x1b[1mOptions\x1b[0m:" in shown) is bold
    assert re.sub(r"\x1b\[\dm|\r", "", shown.decode()) == plain


def test_serve_lists_every_flag_with_its_variable_and_default(shell: Shell) -> None:
    ran = shell.run("serve", "--help")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    said = " ".join(ran.out.split())
    assert "--demo " in said
    assert "--demo-db PATH " in said
    for model in (Settings, HttpSettings):
        for name, info in flags(model).items():
            assert f" {flag_of(name)}" in said
            assert f"({variable_of(model, name)}" in said
            if isinstance(info.default, int | float) and info.default:
                default = "true" if info.default is True else info.default
                assert f"({variable_of(model, name)}, default {default})" in said
    assert "--api-key" not in said
    assert "--secret" not in said
    assert "--confirm auto|ask|token|off " in said
    assert "(SENT_MCP_TOOLSETS, default contacts,messages,templates)" in said


def test_a_letter_that_the_terminal_cannot_show_is_no_crash(shell: Shell) -> None:
    ran = shell.run("serve", "--help", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "recipients ? channels" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serv"], "No such command 'serv'. Did you mean 'serve'?"),
        (["instal", "claude-code"], "Did you mean 'install'?"),
        (["call"], "Missing argument 'TOOL'."),
        (["tools", "--jsn"], "--json"),
        (["install", "claude"], "no host 'claude'. Did you mean 'claude-code'? There are: "),
        (["install", "emacs"], "no host 'emacs'. There are: claude-desktop, "),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest(words: list[str], said: str) -> None:
    ran = CliRunner().invoke(app, words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Usage: ")
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--versio", ": --versio. Did you mean '--version'?"),
        ("--readonly=1", ": --readonly. Did you mean '--read-only'?"),
        ("--no-read-onli", ": --no-read-onli"),
    ],
)
def test_a_wrong_flag_is_refused_with_the_nearest(
    flag: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """But never with one that means the opposite."""
    with pytest.raises(SystemExit, match="2"):
        parse_flags([flag])
    usage, error = capsys.readouterr().err.splitlines()
    assert usage.startswith("Usage: sent-mcp serve ")
    assert error.endswith(said)


def test_help_is_a_word_too(shell: Shell) -> None:
    """As with git and many others; of a command that has its own parser as well."""
    ran = shell.run("help", "serve")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: sent-mcp serve ")
    assert "\nExit code:\n  0    the host has left\n" in ran.out
    for example in ENDINGS["serve"].examples:
        assert f"\n  {example}\n" in ran.out

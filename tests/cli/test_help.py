"""What `--help` and `--version` say, and that nothing is left out."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sent_mcp import __version__
from sent_mcp.cli.app import app
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings
from tests.cli.conftest import Shell

COMMANDS = {
    "demo": (),
    "tools": ("--demo", "--demo-db", "--json"),
    "call": ("TOOL", "KEY=VALUE", "--args", "--demo", "--demo-db", "--json", "3 confirmation"),
    "check": (
        "FILE",
        "--column",
        "--region",
        "--encoding",
        "--out",
        "--format",
        "--demo",
        "--demo-db",
        "1 not all",
    ),
    "install": ("HOST", "--demo", "--print", "--remove", "--with-key", "1 refused"),
    "doctor": ("--demo", "--json", "1 not usable"),
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
    ran = shell.run("-h")
    assert (ran.code, ran.err) == (0, "")
    assert "Without a command it serves MCP on\n  stdio." in ran.out
    listed = ran.out.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == ["serve", *COMMANDS]
    for line in listed:
        assert line.endswith(".")
        assert not line.endswith("...")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself_in_80_columns(command: str) -> None:
    ran = CliRunner().invoke(app, [command, "--help"], terminal_width=80)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert max(map(len, ran.stdout.splitlines())) <= 80
    for word in COMMANDS[command]:
        assert word in ran.stdout


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
                assert f"({variable_of(model, name)}, default {info.default})" in said
    assert "--api-key" not in said
    assert "--secret" not in said
    assert "--confirm auto|ask|token|off " in said
    assert "(SENT_MCP_TOOLSETS, default contacts,messages,templates)" in said


def test_a_letter_that_the_terminal_cannot_show_is_no_crash(shell: Shell) -> None:
    ran = shell.run("serve", "--help", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "recipients ? channels" in ran.out


@pytest.mark.parametrize("words", [["serv"], ["call"], ["tools", "--jsn"]])
def test_unknown_words_are_refused_on_stderr(words: list[str]) -> None:
    ran = CliRunner().invoke(app, words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "Usage: " in ran.stderr

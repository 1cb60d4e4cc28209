"""Whose an entry is, and what of it stays when it is renewed."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from sent_mcp.hosts import HOSTS, HostError, Wish, command_of, holds_key, wanted
from sent_mcp.hosts.entry import is_ours
from sent_mcp.hosts.host import Json

COMMAND = ("/new/sent-mcp",)


@pytest.mark.parametrize(
    ("entry", "ours"),
    [
        ({"command": "/opt/venv/bin/sent-mcp"}, True),
        ({"command": "C:\\venv\\Scripts\\Sent-MCP.exe", "args": ["serve"]}, True),
        ({"command": "sent-mcp"}, True),
        ({"command": "/usr/bin/python3", "args": ["-P", "-m", "sent_mcp", "serve"]}, True),
        ({"command": "python", "args": ["-m", "sent_mcp_other"]}, False),
        ({"command": "uvx", "args": ["sent-mcp[redis]==0.1.0"]}, True),
        ({"command": "C:\\bin\\uv.exe", "args": ["tool", "run", "sent-mcp@latest"]}, True),
        ({"command": "uvx", "args": ["sent-mcp-other"]}, False),
        ({"command": "npx", "args": ["-y", "sent-mcp"]}, False),
        ({"command": "/opt/my-sent-mcp"}, False),
        ({"url": "https://mcp.sent.dm/mcp"}, False),
        ("sent-mcp", False),
        ([], False),
        ({}, False),
    ],
)
def test_an_entry_is_ours_by_what_it_starts(entry: Json, ours: bool) -> None:
    assert is_ours(entry) == ours


def test_the_script_is_started_else_the_module() -> None:
    """The module without the folder it is started in, which may be anybody's."""
    python = PureWindowsPath("C:\\venv\\Scripts\\python.exe")
    script = python.with_name("sent-mcp.exe")
    assert command_of(python, script) == ("C:\\venv\\Scripts\\sent-mcp.exe",)
    module = command_of(python, None)
    assert module == ("C:\\venv\\Scripts\\python.exe", "-P", "-m", "sent_mcp")
    assert is_ours(wanted(HOSTS["cursor"], Wish(module)))


def test_a_path_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(HostError, match="cannot be written"):
        command_of(PurePosixPath("/python"), PurePosixPath("/opt/\udce9/sent-mcp"))


def test_what_the_user_has_added_stays() -> None:
    """Above all a flag like --read-only."""
    found: dict[str, Json] = {
        "command": "/old/python",
        "args": ["-m", "sent_mcp", "serve", "--read-only", "--demo"],
        "env": {"SENT_MCP_CONFIRM": "ask", "SENT_API_KEY": "sk_live_written"},
        "disabled": False,
    }
    entry = wanted(HOSTS["claude-code"], Wish(COMMAND), found)
    assert entry == {
        "type": "stdio",
        "command": "/new/sent-mcp",
        "args": ["serve", "--read-only"],
        "env": found["env"],
        "disabled": False,
    }


@pytest.mark.parametrize("file", [["--demo-db", "/d.sqlite"], ["--demo-db=/d.sqlite"]])
def test_the_file_of_a_demo_goes_with_the_demo(file: list[Json]) -> None:
    """It makes a demo of a server by itself, so the real thing must not have it."""
    found: dict[str, Json] = {"command": "sent-mcp", "args": ["serve", *file, "--read-only"]}
    real = wanted(HOSTS["zed"], Wish(COMMAND), found)
    demo = wanted(HOSTS["zed"], Wish(COMMAND, demo=True), found)
    assert real["args"] == ["serve", "--read-only"]
    assert demo["args"] == ["serve", "--demo", *file, "--read-only"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["sent-mcp", "serve", "--read-only"],
        ["--from", "sent-mcp==0.1.0", "sent-mcp", "--read-only"],
        ["-q", "sent-mcp@latest", "--read-only"],
    ],
)
def test_what_a_runner_was_told_goes_with_it(arguments: list[Json]) -> None:
    entry = wanted(HOSTS["zed"], Wish(COMMAND), {"command": "uvx", "args": arguments})
    assert entry == {"command": "/new/sent-mcp", "args": ["serve", "--read-only"]}


def test_a_demo_has_no_key_and_the_real_thing_gets_its_way_back() -> None:
    host = HOSTS["codex"]
    real = wanted(host, Wish(COMMAND))
    assert real["env_vars"] == ["SENT_API_KEY"]
    demo = wanted(host, Wish(COMMAND, demo=True), real)
    assert demo == {"command": "/new/sent-mcp", "args": ["serve", "--demo"]}
    assert wanted(host, Wish(COMMAND), demo) == real


def test_another_way_to_the_key_takes_the_place_of_the_one_before() -> None:
    host = HOSTS["codex"]
    found: dict[str, Json] = {**wanted(host, Wish(COMMAND)), "env_vars": ["SENT_API_KEY", "LANG"]}
    file = wanted(host, Wish(COMMAND, key={"SENT_API_KEY_FILE": "/k"}), found)
    assert (file["env"], file["env_vars"]) == ({"SENT_API_KEY_FILE": "/k"}, ["LANG"])
    assert wanted(host, Wish(COMMAND), file) == file
    written = wanted(host, Wish(COMMAND, key={"SENT_API_KEY": "sk_live_1"}), file)
    assert written["env"] == {"SENT_API_KEY": "sk_live_1"}
    assert [holds_key(entry) for entry in (found, file, written)] == [False, False, True]

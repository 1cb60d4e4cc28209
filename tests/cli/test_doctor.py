"""`sent-mcp doctor`: how it ends, what it prints, and that it asks Sent once at most."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from sent_mcp import __version__
from tests.cli.conftest import COMMAND, Ran, Shell
from tests.cli.here import Here
from tests.cli.sites import ACCOUNT, said, site
from tests.state.redis import free_port

KEY = "sk_live_4f9d2c7be1a8"
NAMES = ["version", "command", "settings", "key", "reachability", "account", "clock", "state"]
REPORT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["usable", "next", "checks"],
    "properties": {
        "usable": {"type": "boolean"},
        "next": {"type": "string", "minLength": 1},
        "checks": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "status", "message", "advice"],
                "properties": {
                    "name": {"pattern": "^([a-z_]+|setting:SENT_[A-Z_]+)$"},
                    "status": {"enum": ["ok", "warning", "wrong", "not_checked"]},
                    "message": {"type": "string", "minLength": 1},
                    "advice": {"type": "string"},
                },
            },
        },
    },
}


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def ending(ran: Ran) -> str:
    """The last sentence, in one line."""
    assert ran.err == ""
    return " ".join(ran.out.split("\n\n")[-1].split())


def checks(ran: Ran) -> dict[str, dict[str, str]]:
    """The findings by name; what is wrong says what to do."""
    report: dict[str, Any] = ran.json
    jsonschema.validate(report, REPORT)
    found = {check["name"]: check for check in report["checks"]}
    assert len(found) == len(report["checks"])
    for check in report["checks"]:
        assert bool(check["advice"]) == (check["status"] in ("wrong", "warning")), check
    assert report["usable"] == (ran.code == 0)
    return found


def test_without_a_key_it_says_where_to_get_one(shell: Shell) -> None:
    with site(said(ACCOUNT)) as place:
        ran = shell.run("doctor", SENT_BASE_URL=place.url)
    assert ran.code == 1
    assert "WRONG        SENT_API_KEY is not set.\n" in ran.out
    assert ending(ran).startswith(
        "This setup is not usable yet. Next: Set SENT_API_KEY to your key from the Sent dashboard"
    )
    assert place.asked == []


def test_a_placeholder_is_named(shell: Shell) -> None:
    with site(said(ACCOUNT)) as place:
        ran = shell.run("doctor", SENT_BASE_URL=place.url, SENT_API_KEY="${SENT_API_KEY}")
    assert ran.code == 1
    assert "SENT_API_KEY holds the placeholder '${SENT_API_KEY}'" in ran.out
    assert ending(ran).startswith(
        "This setup is not usable yet. Next: Put the real key from the Sent dashboard in its place"
    )
    assert place.asked == []


def test_a_wrong_key_is_tried_once(shell: Shell) -> None:
    with shell.emulator() as address:
        ran = shell.run("doctor", SENT_BASE_URL=address, SENT_API_KEY=KEY)
        asked = httpx.get(f"{address}/__emulator/requests", trust_env=False).json()
    assert [(each["method"], each["path"], each["status"]) for each in asked] == [
        ("GET", "/v3/me", 401)
    ]
    assert ran.code == 1
    assert "Sent does not know this key" in ran.out
    assert ending(ran) == (
        "This setup is not usable yet. Next: Copy the key in the Sent dashboard once more. Do not"
        " just try again: Sent locks a key after ten failures."
    )


def test_an_account_that_was_not_verified_is_told_what_to_hand_in(shell: Shell) -> None:
    fault = {"match": "GET /v3/me", "kind": "status", "status": 403, "code": "AUTH_006"}
    with shell.emulator() as address:
        httpx.post(f"{address}/__emulator/faults", json=[fault], trust_env=False)
        ran = shell.run("doctor", SENT_BASE_URL=address, SENT_API_KEY="sk_test_emulator")
    assert ran.code == 1
    assert "not verified yet (KYC)" in " ".join(ran.out.split())
    assert ending(ran) == (
        "This setup is not usable yet. Next: Hand in the KYC documents in the Sent dashboard."
    )


def test_a_host_where_nothing_listens(shell: Shell) -> None:
    port = free_port()
    ran = shell.run("doctor", SENT_BASE_URL=f"http://127.0.0.1:{port}", SENT_API_KEY=KEY)
    assert ran.code == 1
    assert f"127.0.0.1:{port} refuses connections: nothing listens there." in ran.out
    assert ending(ran).startswith(
        "This setup is not usable yet. Next: Check SENT_BASE_URL, and what stands in between"
    )


def test_all_is_well(shell: Shell) -> None:
    with shell.emulator() as address:
        ran = shell.run("doctor", SENT_BASE_URL=address, SENT_API_KEY="sk_test_emulator")
        asked = httpx.get(f"{address}/__emulator/requests", trust_env=False).json()
    assert [each["path"] for each in asked] == ["/v3/me"]
    assert ran.code == 0
    assert "WRONG" not in ran.out
    assert 'Sent takes the key: organization "Acme", which can send on' in ran.out
    assert ending(ran) == (
        "This setup is usable, with 1 warning. Next: Put it into your MCP host: `sent-mcp install"
        " HOST`, or the command above."
    )


def test_a_demo_is_usable_without_anything(here: Here) -> None:
    """What is set for the real account plays no part."""
    for variables in ({}, {"SENT_API_KEY": "your-api-key", "SENT_BASE_URL": "nonsense"}):
        ran = here.run("doctor", "--demo", "--json", **variables)
        found = checks(ran)
        assert (ran.code, ran.err, list(found)) == (0, "", NAMES)
        assert {check["status"] for check in found.values()} == {"ok"}


def test_programs_read_the_same_names_whatever_is_wrong(here: Here) -> None:
    """Every finding is there in every report, if only as not checked."""
    broken = {"SENT_MCP_CONFIRM": "maybe"}
    offline = {"SENT_BASE_URL": f"http://127.0.0.1:{free_port()}", "SENT_API_KEY": KEY}
    for variables, code in ((broken, 2), (offline, 1)):
        ran = here.run("doctor", "--json", **variables)
        found = checks(ran)
        assert ran.code == code
        assert [name for name in NAMES if name not in found] == (["settings"] if code == 2 else [])
        assert found["account"]["status"] == found["clock"]["status"] == "not_checked"


def test_it_names_versions_and_the_command_of_this_installation(here: Here, shell: Shell) -> None:
    """To programs as well, which get nothing else."""
    ran = shell.run("doctor", "--demo", "--json")
    found = checks(ran)
    assert (ran.code, ran.err, list(found)) == (0, "", NAMES)
    assert found["version"]["message"].startswith(f"sent-mcp {__version__}, Python 3.")
    command = found["command"]["message"].removeprefix("A host starts it as: ")
    assert command == str(Path(sys.executable).with_name("sent-mcp"))


def test_it_leaves_nothing_behind(shell: Shell) -> None:
    log = shell.home / "logs" / "audit.jsonl"
    assert shell.run("doctor", "--demo", SENT_MCP_AUDIT_LOG=str(log)).code == 0
    assert list(shell.home.iterdir()) == []


def test_lines_fit_and_say_without_colours_what_is_wrong(here: Here) -> None:
    ran = here.run("doctor", SENT_MCP_CONFRIM="off", SENT_MCP_MAX_RECIPIENTS="0")
    assert ran.code == 2
    assert "\x1b" not in ran.out
    assert all(len(line) <= 80 or len(line[13:].split()) == 1 for line in ran.out.splitlines())
    assert ran.out.count("WRONG   ") == 2


def test_a_terminal_without_columns_gets_lines_all_the_same(here: Here) -> None:
    """Some say so before they are drawn."""
    ran = here.run("doctor", "--demo", COLUMNS="0")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) > 30


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_are_for_terminals_that_want_them(shell: Shell, no_color: str) -> None:
    shown = on_terminal(shell, TERM="xterm-256color", NO_COLOR=no_color)
    assert "This setup is usable" in shown
    assert ("\x1b[3" in shown or "\x1b[1;3" in shown) == (no_color == "")


def test_nobody_needs_to_read_it(shell: Shell) -> None:
    with shell.start("doctor", "--demo") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0


def test_other_words_are_refused(shell: Shell) -> None:
    ran = shell.run("doctor", "--jsn")
    assert (ran.code, ran.out) == (2, "")


def on_terminal(shell: Shell, **variables: str) -> str:
    """What a demo's doctor shows there."""
    near, far = pty.openpty()
    with os.fdopen(near, "rb", buffering=0) as screen:
        with subprocess.Popen(
            [*COMMAND, "doctor", "--demo"], stdout=far, env=shell.environment(**variables)
        ) as process:
            os.close(far)
            shown = b""
            while part := _read(screen.fileno()):
                shown += part
        assert process.returncode == 0
    return shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # How a terminal ends on Linux.
        return b""

"""Every example is listed, runs as printed, and says what it should."""

import ast
import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sent_mcp.hosts import HOSTS

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
TEXT = (EXAMPLES / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([^`]+)` \| .+? \| (?:`([^`]+)` )?\|$", TEXT, re.MULTILINE))
COMMANDS = {name: command for name, command in ROWS.items() if command}
INSTALL, PRINT = re.findall(r"^    (\S.+)$", TEXT, re.MULTILINE)

ASKED = """\
Demo: nothing leaves this machine.
Send 1 message: 1 recipient on the channel Sent chooses?
To: +14155550102
"""
NOT_SENT = "Send it? [y/N] Nothing was sent."
SENT = """\
Send it? [y/N] Sent accepted 1 message; accepted is not yet delivered.
The message is not delivered yet ("""
EXPECTED = {
    "is_on_whatsapp.py": [
        "yes: +14155550102 is on WhatsApp.\n"
        "no: +14155550101 is not on WhatsApp.\n"
        "unknown: +14155550160 is not a contact",
    ],
    "agent_pydantic_ai.py": [
        'find_contact_by_phone({"phone_number":"+1 415 555 0102"})\n'
        "+14155550102 is on WhatsApp.\n"
        "check_phone_numbers(",
        "\n3 numbers: 1 on WhatsApp, 2 SMS only.\n",
    ],
    "check_csv.py": [
        "name,mobile,phone_number,whatsapp\n"
        "Ann,(415) 555-0100,+14155550100,yes\n"
        "Bob,+1 415 555 0101,+14155550101,no\n"
        '"Cid, who moved",415.555.0160,+14155550160,unknown\n'
        "Dee,ask her brother,,invalid\n",
    ],
    "guarded_send.py": ["MCP 2026-07-28\n", ASKED, NOT_SENT],
    "guarded_delete.py": ["deleted: The contact +14155550106 was deleted"],
    "emulator_and_sdk.py": ["+1 415-555-0147 sms"],
}
TOLD = {
    "check_csv.py": "4 numbers: 1 on WhatsApp, 1 SMS only, 1 unknown, 1 invalid. Of a number that"
    " is not a contact nothing is known; that is not a no.\n"
}
"""What goes to stderr."""


def run(command: str, home: Path, said: str = "") -> "subprocess.CompletedProcess[str]":
    """A line as somebody types it, in an active environment without any settings."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={"PATH": path, "HOME": str(home)},
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_file_is_listed() -> None:
    listed = {*ROWS, *re.findall(r"^\| `(hosts/[^`]+)` \|", TEXT, re.MULTILINE)}
    there = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.*")}
    assert listed | {"README.md"} == {name for name in there if "__pycache__" not in name}


def test_every_program_has_a_command_and_something_to_say() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(COMMANDS) == set(EXPECTED)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_program_says_itself_how_it_is_run(name: str) -> None:
    said = ast.get_docstring(ast.parse((EXAMPLES / name).read_text(encoding="utf-8"))) or ""
    assert re.search(rf"^ *{re.escape(COMMANDS[name])}\b", said, re.MULTILINE) is not None


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_runs_as_printed(name: str, tmp_path: Path) -> None:
    """Where a person is asked, nobody is there, which is no yes."""
    done = run(COMMANDS[name], tmp_path)
    assert (done.returncode, done.stderr) == (0, TOLD.get(name, ""))
    for expected in EXPECTED[name]:
        assert expected in done.stdout
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("flag", "version", "said", "expected"),
    [
        ("", "2026-07-28", "yes\nno\n", [SENT]),
        ("--legacy", "2025-11-25", "yes\nno\n", [SENT]),
        ("--legacy", "2025-11-25", "no\n", [NOT_SENT]),
    ],
)
def test_a_send_is_decided_by_a_person_in_both_eras(
    flag: str, version: str, said: str, expected: list[str], tmp_path: Path
) -> None:
    """And what became of it is told."""
    done = run(f"{COMMANDS['guarded_send.py']} {flag}", tmp_path, said)
    assert (done.returncode, done.stderr) == (0, "")
    for each in (f"MCP {version}\n", ASKED, *expected):
        assert each in done.stdout


def test_more_numbers_than_one_call_takes_are_asked_about_in_several(tmp_path: Path) -> None:
    """One row for each, in their order, repeated ones as well."""
    numbers = [f"+1212{2_000_000 + place}" for place in range(1000)]
    numbers += ["+14155550102", "+14155550101", "+14155550102"]
    file = tmp_path / "many.csv"
    file.write_text("\n".join(["phone", *numbers]), encoding="utf-8")
    done = run(f"python examples/check_csv.py '{file}' phone US", tmp_path)
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "1000 numbers",
        "2 numbers",
    ]
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["phone"] for row in rows] == numbers
    assert [row["whatsapp"] for row in rows[-4:]] == ["unknown", "yes", "no", "yes"]


def test_the_entry_of_a_host_is_shown_as_printed(tmp_path: Path) -> None:
    assert "pip install -q -e '.[dev]'" in INSTALL
    assert PRINT.split()[2] in HOSTS
    done = run(PRINT, tmp_path)
    assert done.returncode == 0
    assert '"args": ["serve"]' in done.stdout

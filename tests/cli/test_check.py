"""`sent-mcp check`: a verdict for every number in a file, in the form that was asked for."""

import csv
import io
import json
import os
import pty
import re
import subprocess
from collections.abc import Generator
from pathlib import Path

import anyio
import httpx
import pytest
from typer.testing import CliRunner

from sent_mcp.cli.app import app
from sent_mcp.cli.check import Order, check_file
from sent_mcp.cli.check_output import Format
from sent_mcp.cli.outcome import UsageError
from tests.cli.conftest import COMMAND, Ran, Shell

KEY = "sk_test_emulator"
ADDED = "phone_number,whatsapp,sms,opt_out,contact_id,record_date,note"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx.Client]:
    """A thousand contacts, served."""
    shell = Shell(tmp_path_factory.mktemp("emulator"))
    with shell.emulator("--contacts", "1000") as address, client_of(address) as client:
        yield client


def client_of(address: str) -> httpx.Client:
    """Someone who may ask the emulator anything."""
    return httpx.Client(base_url=address, headers={"x-api-key": KEY}, trust_env=False)


def reaching(emulator: httpx.Client) -> dict[str, str]:
    """The settings that lead there."""
    return {"SENT_BASE_URL": str(emulator.base_url).rstrip("/"), "SENT_API_KEY": KEY}


def file_of(shell: Shell, text: str, name: str = "numbers.csv") -> str:
    """The path of a file with this text."""
    path = shell.home / name
    path.write_bytes(text.encode())
    return str(path)


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_every_line_gets_its_verdict_in_order(shell: Shell) -> None:
    numbers = ["+1 (415) 555-0100", "tel:+14155550101", "+1 415 555 0160", "call me", "14155550101"]
    ran = shell.run("check", file_of(shell, "\n".join(numbers)), "--demo")
    assert ran.code == 0
    header, *lines = ran.out.splitlines()
    assert header == f"input,{ADDED}"
    assert lines[0] == (
        "+1 (415) 555-0100,+14155550100,yes,yes,no,"
        "eb9f67b7-3f07-5de0-ad84-86f937ae0edd,2026-06-01T08:00:12Z,"
    )
    assert lines[2] == "+1 415 555 0160,+14155550160,unknown,unknown,,,,not a contact"
    assert lines[3] == "call me,,unknown,unknown,,,,not a number: has no digits"
    rows = rows_of(ran.out)
    assert [row["input"] for row in rows] == numbers
    assert [row["whatsapp"] for row in rows] == ["yes", "no", "unknown", "unknown", "unknown"]
    assert "has no country code: if it begins with one, write +14155550101" in rows[4]["note"]
    counts, verdicts, cost, hint = ran.err.splitlines()
    assert counts == "input: 5, duplicates: 0, invalid: 2"
    assert verdicts == (
        "whatsapp: 1, sms_only: 1, other: 0, unknown: 1 (not contacts: 1), not checked: 0"
    )
    assert cost.startswith("requests: 2, as of: 20")
    assert hint == "1 number has no country code: give --region XX to say where it belongs"


@pytest.mark.usefixtures("own_logging")
def test_other_columns_stay_first_and_as_they_were(shell: Shell) -> None:
    table = (
        '"Name";phone_number;note\r\n"Ann ""A""; Lee\r\nLtd";415-555-0100;vip\r\n;4155550101;\r\n'
    )
    file = file_of(shell, "\ufeff" + table)
    out = shell.home / "out.csv"
    order = Order(file, column="phone_number", region="us", out=str(out), demo=True)
    assert anyio.run(check_file, order) == 0
    written = out.read_bytes().decode()
    # As Excel needs it: marked as UTF-8, with its own delimiter and line ends.
    assert written.startswith(
        "\ufeffName;phone_number;note;sent_phone_number;whatsapp;sms;opt_out;contact_id;"
        "record_date;sent_note\r\n"
    )
    assert '"Ann ""A""; Lee\r\nLtd";415-555-0100;vip;+14155550100;yes;yes;no;' in written
    assert "\r\n;4155550101;;+14155550101;no;yes;no;" in written
    assert written.count("\r\n") == 4
    assert sorted(path.name for path in shell.home.iterdir()) == ["numbers.csv", "out.csv"]


@pytest.mark.usefixtures("own_logging")
def test_json_is_one_object_a_line(shell: Shell) -> None:
    file = file_of(shell, "x,phone,x\nä,+14155550100,\n1,?,2\n")
    out = shell.home / "out.JSON"
    assert anyio.run(check_file, Order(file, column="phone", out=str(out), demo=True)) == 0
    text = out.read_text(encoding="utf-8")
    opening, *lines, closing = text.splitlines()
    assert (opening, len(lines), closing) == ("[", 2, "]")
    assert lines[0].startswith('{"x": "ä", "phone": "+14155550100", "x_2": "", "phone_number": "+1')
    found, invalid = json.loads(text)
    assert (found["whatsapp"], found["opt_out"], found["note"]) == ("yes", "no", None)
    assert (invalid["phone_number"], invalid["opt_out"]) == (None, None)


def test_numbers_come_from_standard_input_too(shell: Shell) -> None:
    ran = shell.run("check", "-", "--demo", stdin="4155550100\n", SENT_DEFAULT_REGION="US")
    assert (ran.code, rows_of(ran.out)[0]["phone_number"]) == (0, "+14155550100")
    empty = shell.run("check", "-", "--demo")
    assert empty == Ran(2, "", "USAGE: standard input is empty: there is no number in it\n")


def test_a_terminal_gets_a_table_of_200_rows_and_a_bar(shell: Shell) -> None:
    lines = "".join(f"+1 415 555 {number:04}\n" for number in range(100, 350))
    screen, terminal = pty.openpty()
    command = [*COMMAND, "check", file_of(shell, "\x1b[31m1\n" + lines), "--demo"]
    with subprocess.Popen(
        command, stdout=terminal, stderr=terminal, env=shell.environment(TERM="xterm")
    ) as process:
        os.close(terminal)
        shown = _all_of(screen).decode()
    assert process.returncode == 0
    assert "Checking, 2 requests" in shown
    assert "\x1b[31m" not in shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    table = plain[plain.index("input  ") : plain.index("... and")].splitlines()
    assert max(map(len, table)) <= 80
    assert table[0].split() == ["input", "phone_number", "whatsapp", "sms", "opt_out", "note"]
    rows = [line.split() for line in table if "+1415555" in line]
    assert len(rows) == 199
    assert rows[0] == ["+1", "415", "555", "0100", "+14155550100", "yes", "yes", "no"]
    assert rows[-1][-5:] == ["unknown", "unknown", "not", "a", "contact"]
    assert "... and 51 more rows: --out FILE writes them all." in plain


def _all_of(screen: int) -> bytes:
    """What is printed to a terminal, until all who could print are gone."""
    shown = b""
    while True:
        try:
            read = os.read(screen, 65536)
        except OSError:
            read = b""
        if not read:
            os.close(screen)
            return shown
        shown += read


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell) -> None:
    file = file_of(shell, "".join(f"+1415555{number:04}\n" for number in range(5000)))
    with shell.start("check", file, "--demo") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == f"input,{ADDED}\n"
        process.stdout.close()
        assert process.stderr.read().startswith("input: 5,000, ")
        assert process.wait(30) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_output_that_cannot_be_written_is_told(shell: Shell) -> None:
    file = file_of(shell, "+14155550100\n")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "check", file, "--demo"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=shell.environment(),
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "standard output cannot be written: No space left on device. 1 of 1 numbers are decided;"
        " without --out FILE nothing is kept to go on with.\n",
    )


def test_a_number_in_two_spellings_is_asked_about_once(
    shell: Shell, emulator: httpx.Client
) -> None:
    numbers = [number for page in range(1, 11) for number in page_of(emulator, page)]
    assert len(set(numbers)) == 1000
    spelled = [
        f"tel: {number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}" for number in numbers
    ]
    emulator.delete("/__emulator/requests").raise_for_status()
    ran = shell.run("check", file_of(shell, "\n".join(numbers + spelled)), **reaching(emulator))
    assert ran.code == 0
    assert len(emulator.get("/__emulator/requests").json()) == 10
    assert "input: 2,000, duplicates: 1,000, invalid: 0\n" in ran.err
    assert "not checked: 0\nrequests: 10, " in ran.err
    rows = rows_of(ran.out)
    assert [row["phone_number"] for row in rows] == numbers * 2
    answers = [list(row.values())[1:] for row in rows]
    assert answers[:1000] == answers[1000:]


def page_of(emulator: httpx.Client, page: int) -> list[str]:
    """The numbers of a page of contacts."""
    answer = emulator.get("/v3/contacts", params={"page": page, "page_size": 100})
    return [contact["phone_number"] for contact in answer.json()["data"]["contacts"]]


def test_a_contact_that_is_a_minute_young_may_be_asked_for_again(
    shell: Shell, emulator: httpx.Client
) -> None:
    made = emulator.post("/v3/contacts", json={"phone_number": "+14155550161"}).raise_for_status()
    ran = shell.run("check", file_of(shell, "+14155550161"), **reaching(emulator))
    emulator.delete(f"/v3/contacts/{made.json()['data']['id']}").raise_for_status()
    row = rows_of(ran.out)[0]
    assert (ran.code, row["whatsapp"], row["sms"]) == (0, "unknown", "yes")
    assert row["note"] == "added less than a minute ago: ask again in a minute"


def test_what_the_api_refuses_is_told_with_its_code(shell: Shell, emulator: httpx.Client) -> None:
    out = shell.home / "out.csv"
    words = ("check", file_of(shell, "+14155550100"), "--out", str(out))
    ran = shell.run(*words, **{**reaching(emulator), "SENT_API_KEY": "sk_of_somebody_else"})
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("AUTH_002: ")
    assert "Traceback" not in ran.err
    assert [path.name for path in shell.home.iterdir()] == ["numbers.csv"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--region", "ZZ", "--demo"), 2, "USAGE: --region: 'ZZ' is no region; use two letters"),
        ((), 1, "MISSING_KEY: SENT_API_KEY is not set"),
    ],
)
def test_words_and_settings_that_are_wrong_are_one_line(
    shell: Shell, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = shell.run("check", file_of(shell, "+14155550100\n"), *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said), ran.err
    assert ran.err.count("\n") == 1


def test_a_form_that_does_not_exist_is_refused() -> None:
    ran = CliRunner().invoke(app, ["check", "numbers.txt", "--format", "xml"])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "'xml' is not one of" in ran.stderr


@pytest.mark.usefixtures("own_logging")
def test_the_legacy_api_cannot_do_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENT_API_VERSION", "v1")
    monkeypatch.setenv("SENT_SENDER_ID", "7ba7b820-9dad-11d1-80b4-00c04fd430c8")
    with pytest.raises(UsageError, match="^SENT_API_VERSION=v1: the legacy API cannot check a"):
        anyio.run(check_file, Order(file_of(shell, "+14155550100\n")))


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize(
    ("out", "form", "said"),
    [
        ("out.csv", "table", "--format table is for the terminal; --out takes csv or json"),
        ("numbers.csv", None, "--out: '{out}' is the input itself; name another"),
        ("", None, "--out: '{out}' is not an ordinary file"),
        ("no/out.csv", None, "--out: '{out}' cannot be written: there is no folder '{home}/no'"),
        ("blocked", None, "--out: '{out}.part' is not an ordinary file"),
        ("x" * 255, None, "--out: '{out}.part' cannot be written: File name too long"),
        ("x" * 256, None, "--out: '{out}' cannot be written: File name too long"),
        ("loop", None, "--out: '{out}' cannot be written: "),
        ("-", None, "--out: '{out}' is no file; without --out all is written to standard output"),
    ],
    ids=["table", "input", "folder", "missing", "part", "long", "longer", "loop", "stdout"],
)
def test_what_cannot_be_written_is_said_before_anything_is_asked(
    shell: Shell, out: str, form: Format | None, said: str
) -> None:
    file, path = file_of(shell, "+14155550100\n"), str(shell.home / out)
    (shell.home / "blocked.part").mkdir()
    (shell.home / "loop").symlink_to("loop")
    with pytest.raises(UsageError) as refused:
        anyio.run(check_file, Order(file, out=path, form=form, demo=True))
    assert str(refused.value).startswith(said.format(out=path, home=shell.home))
    there = sorted(each.name for each in shell.home.iterdir())
    assert there == ["blocked.part", "loop", "numbers.csv"]
    assert Path(file).read_bytes() == b"+14155550100\n"

"""What `sent-mcp check` writes, what it leaves as it is, and what it tells a person meanwhile."""

import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from typer.testing import CliRunner

from sent_mcp.cli import check
from sent_mcp.cli.app import app as commands
from sent_mcp.cli.check import Order, check_file
from sent_mcp.cli.check_output import Report
from sent_mcp.cli.check_progress import Bars
from sent_mcp.cli.check_rows import Answers, Numbered, number_rows
from sent_mcp.cli.check_summary import summary
from sent_mcp.cli.launch import DEMO_KEY
from sent_mcp.emulator import create_app
from tests.cli.test_check_input import sheet_of

PAGES = "GET /v3/contacts"
OLD = "of last week"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """What a demo asks in here: four pages of contacts."""
    emulated = create_app(contacts=400, api_key=DEMO_KEY)

    def launch(*, demo: bool, demo_db: str | None) -> Starlette:
        assert demo
        assert demo_db is None
        return emulated

    monkeypatch.setattr(check, "launch_emulator", launch)
    return emulated


def asking(api: Starlette, ask: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> object:
    """What it answers."""

    async def answer() -> object:
        transport = httpx.ASGITransport(app=api)
        headers = {"x-api-key": DEMO_KEY}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers
        ) as client:
            return (await ask(client)).raise_for_status().json()

    return anyio.run(answer)


def refusing(api: Starlette, after: int) -> None:
    """Let it answer so many pages, and refuse the rest."""
    first = {"match": PAGES, "kind": "delay", "seconds": 0, "times": after}
    then = {"match": PAGES, "kind": "status", "status": 403, "times": 1000}
    faults = [first] * bool(after) + [then]
    asking(api, lambda client: client.post("/__emulator/faults", json=faults))


def answering(api: Starlette) -> None:
    """Let it answer all."""
    asking(api, lambda client: client.post("/__emulator/faults", json=[]))


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """A hundred and fifty numbers, of which the newest page has some."""
    file = tmp_path / "numbers.txt"
    numbers = [f"+1415555{number:04}\n" for number in range(100, 250)]
    file.write_text("".join(numbers), encoding="utf-8")
    return Order(str(file), out=str(tmp_path / "x.csv"), demo=True)


@pytest.mark.usefixtures("own_logging")
def test_a_file_that_is_there_is_never_replaced_by_an_unfinished_one(
    api: Starlette, order: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    assert order.out is not None
    out = Path(order.out)
    out.write_text(OLD, encoding="utf-8")
    refusing(api, after=1)
    assert anyio.run(check_file, order) == 1
    assert out.read_text(encoding="utf-8") == OLD
    said = capsys.readouterr().err
    assert said.startswith("AUTH_004: ")
    assert "Written" not in said
    unknown = said.partition("not checked: ")[2].partition("\n")[0]
    assert said.splitlines()[-1] == (
        f"'{out}' is left as it is: {unknown} of 150 numbers could not be checked (AUTH_004);"
        " the same command goes on"
    )
    answering(api)
    assert anyio.run(check_file, order) == 0
    said = capsys.readouterr().err
    assert said.startswith(f"Going on: {150 - int(unknown)} of 150 ")
    assert said.splitlines()[-1] == f"Written to '{out}'."
    assert out.read_text(encoding="utf-8").startswith("input,phone_number,")
    assert sorted(each.name for each in out.parent.iterdir()) == ["numbers.txt", "x.csv"]


@pytest.mark.usefixtures("own_logging")
def test_where_there_is_none_an_unfinished_one_is_better_than_nothing(
    api: Starlette, order: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    assert order.out is not None
    out = Path(order.out)
    refusing(api, after=1)
    assert anyio.run(check_file, order) == 1
    written = out.read_text(encoding="utf-8")
    assert "not checked: AUTH_004" in written
    *_, where, last = capsys.readouterr().err.splitlines()
    assert where == f"Written to '{out}'."
    assert last.startswith("Not finished: ")
    # By now there is one, even if it is an unfinished one; and nothing more is found out.
    assert anyio.run(check_file, order) == 1
    assert f"\n'{out}' is left as it is: " in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == written


@pytest.mark.usefixtures("own_logging")
def test_the_answers_are_as_old_as_the_first_of_them(
    api: Starlette, order: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Path(f"{order.out}.part")
    refusing(api, after=1)
    assert anyio.run(check_file, order) == 1
    first, _, lines = journal.read_bytes().partition(b"\n")
    began = json.dumps([json.loads(first)[0], "2020-01-02T03:04:05Z"]).encode()
    journal.write_bytes(began + b"\n" + lines)
    answering(api)
    capsys.readouterr()
    assert anyio.run(check_file, order) == 0
    assert ", as of: 2020-01-02T03:04:05Z\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x.xlsx", "X.XLS", "x.ods", "x.parquet"])
@pytest.mark.parametrize("words", [[], ["--format", "csv"]])
def test_a_file_that_would_be_no_spreadsheet_is_refused(
    order: Order, tmp_path: Path, name: str, words: list[str]
) -> None:
    out = tmp_path / name
    words = ["check", order.file, "--out", str(out), "--demo", *words]
    ran = CliRunner().invoke(commands, words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"USAGE: --out: '{out}' would be no {out.suffix} file: CSV or JSON is written,"
        " to a name like 'x.csv'\n"
    )
    assert [each.name for each in tmp_path.iterdir()] == ["numbers.txt"]


def test_without_a_key_it_names_its_own_demo(order: Order) -> None:
    ran = CliRunner().invoke(commands, ["check", order.file])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("MISSING_KEY: SENT_API_KEY is not set. ")
    assert ran.stderr.endswith(" Set SENT_API_KEY, or give --demo, which needs no key.\n")


async def numbered_of(tmp_path: Path, lines: str, region: str | None = None) -> Numbered:
    """The numbers of a file with these lines."""

    async def silent(count: int) -> None:
        pass

    return await number_rows(sheet_of(tmp_path, lines.encode()), region, silent)


def summary_of(numbered: Numbered) -> list[str]:
    """What is told of them when nobody is a contact."""
    return list(summary(numbered, Answers(dict.fromkeys(numbered.numbers)), 1, None))


async def test_one_number_given_four_times_has_three_duplicates(tmp_path: Path) -> None:
    lines = "+14155550100\ntel:+1 415 555 0100\n001 415 555 0100\n(415) 555-0100\n4155550101\n?\n"
    numbered = await numbered_of(tmp_path, lines, "US")
    counts, verdicts, cost = summary_of(numbered)
    assert counts == "input: 6, duplicates: 3, invalid: 1"
    assert "unknown: 2 (not contacts: 2), not checked: 0" in verdicts
    assert cost == "requests: 1"


async def test_numbers_that_lack_their_country_are_told_together(tmp_path: Path) -> None:
    lines = "4155550100\n4155550100\n14155550101\n12\n?\n+14155550102\n"
    assert summary_of(await numbered_of(tmp_path, lines))[3:] == [
        "4 numbers have no country code: give --region XX if they are all of one country"
    ]
    assert len(summary_of(await numbered_of(tmp_path, lines, "US"))) == 3


async def test_the_bar_tells_the_requests_also_when_nothing_is_found() -> None:
    requests = iter((0, 1, 1234))
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Bars(terminal, shown=True) as bars:
        advance = bars.checking(1500, 0, lambda: next(requests))
        said = bars.descriptions
        for _ in range(2):
            await advance(0)
            said += bars.descriptions
    assert said == ["Checking, 0 requests", "Checking, 1 request", "Checking, 1,234 requests"]


async def test_what_is_no_terminal_gets_no_bar() -> None:
    shown = io.StringIO()
    with Bars(Console(file=shown, force_terminal=True), shown=False) as bars:
        await bars.checking(1500, 0, lambda: 1)(0)
    assert shown.getvalue() == ""


@pytest.mark.parametrize("columns", [20, 40, 60])
async def test_a_table_keeps_every_letter_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    sheet = sheet_of(tmp_path, b"sms\n+491511234567890 and more\n+49 1511 234567890\n", "sms")
    numbered = await numbered_of(tmp_path, "+49 and more\n+49 1511 234567890\n")
    shown = io.StringIO()
    Report(sheet, numbered, Answers(), "not checked: INTERNAL_001").write(shown, "table")
    *table, hint = shown.getvalue().splitlines()
    assert table[0].split() == ["sms", "phone_number", "whatsapp", "sms", "opt_out", "note"]
    assert "+491511234567890  unknown   unknown" in shown.getvalue()
    for part in ("+4915112", "34567890", "INTERNAL"):
        assert part in shown.getvalue()
    width = max(map(len, table))
    assert 60 < width <= 64
    assert hint == f"The table is {width} columns wide, and the terminal {columns}."


class _Terminal(io.StringIO):
    """Where a table may be in colours."""

    def isatty(self) -> bool:
        return True


async def test_a_table_that_fits_needs_no_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "64")
    monkeypatch.setenv("TERM", "xterm")
    sheet = sheet_of(tmp_path, b"?\n")
    shown = _Terminal()
    Report(sheet, await numbered_of(tmp_path, "?\n"), Answers(), "").write(shown, "table")
    assert "\x1b[" in shown.getvalue()
    assert "columns wide" not in shown.getvalue()


@pytest.mark.usefixtures("own_logging", "api")
def test_a_csv_begins_with_the_line_for_excel_that_its_file_begins_with(tmp_path: Path) -> None:
    file, out = tmp_path / "numbers.csv", tmp_path / "x.csv"
    file.write_bytes("\ufeffsep=|\r\nname|phone\r\nZoë|?\r\n".encode())
    for path in (out, tmp_path / "x.json"):
        order = Order(str(file), column="phone", out=str(path), demo=True)
        assert anyio.run(check_file, order) == 0
    begins = "\ufeffsep=|\r\nname|phone|phone_number|whatsapp|"
    assert out.read_bytes().decode().startswith(begins)
    assert "sep=" not in (tmp_path / "x.json").read_text(encoding="utf-8")
    again = Order(str(out), column="phone", out=str(tmp_path / "y.csv"), demo=True)
    assert anyio.run(check_file, again) == 0

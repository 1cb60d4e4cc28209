"""The cells that `sent-mcp check` writes: none ends its row, and none from Sent is a formula."""

import csv
import io
from array import array
from pathlib import Path

import pytest

from sent_mcp.cli.check_output import Format, Report
from sent_mcp.cli.check_rows import ADDED, Answers, Numbered
from sent_mcp.reach import Sighting, Verdicts
from tests.cli.test_check_input import sheet_of

NUMBER = "+14155550100"


def told(tmp_path: Path, content: bytes, contact: str | None = None, form: Format = "csv") -> str:
    """What is written for a CSV of one row whose number is that of this contact."""
    seen = Sighting(contact, Verdicts("yes", "yes"), False, None, False) if contact else None
    numbered = Numbered((NUMBER,), (), array("i", [0]))
    stream = io.StringIO(newline="")
    Report(sheet_of(tmp_path, content, "num"), numbered, Answers({NUMBER: seen}), "").write(
        stream, form
    )
    return stream.getvalue()


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_cell_with_the_end_of_a_line_does_not_end_the_row(
    tmp_path: Path, end: str, newline: str
) -> None:
    name, cell = f"na{end}me", f"Ann{end}X"
    content = f'"{name}",num{newline}"{cell}",{NUMBER}{newline}'.encode()
    text = told(tmp_path, content)
    for lines in (io.StringIO(text, newline=""), text.splitlines(keepends=True)):
        header, row = csv.reader(lines)
        assert header == [name, "num", *ADDED]
        assert row == [cell, *[NUMBER] * 2, "unknown", "unknown", *[""] * 3, "not a contact"]
    assert f'"{cell}"' in text


def test_other_rows_have_no_quotes(tmp_path: Path) -> None:
    assert '"' not in told(tmp_path, f"name,num\nAnn,{NUMBER}\n".encode())


@pytest.mark.parametrize(
    "contact",
    ['=HYPERLINK("https://x.example")', "@SUM(1)", "-1+1", "-a", "+1", "a b", "\t=1", "é"],
)
def test_an_id_is_no_formula_in_a_spreadsheet(tmp_path: Path, contact: str) -> None:
    content = f"name,num\n=1+1,{NUMBER}\n".encode()
    row = next(csv.DictReader(io.StringIO(told(tmp_path, content, contact))))
    assert row["contact_id"][0] == "'"
    assert row["name"] == "=1+1"
    assert "\"'" not in told(tmp_path, content, contact, "json")


@pytest.mark.parametrize("contact", ["eb9f67b7-3f07-5de0-ad84-86f937ae0edd", "contact_1", "7"])
def test_a_usual_id_stays_as_it_is(tmp_path: Path, contact: str) -> None:
    text = told(tmp_path, f"name,num\nAnn,{NUMBER}\n".encode(), contact)
    assert f",{contact}," in text

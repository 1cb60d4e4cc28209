"""What `sent-mcp check` takes for the header of a CSV, and what it says where there is none."""

from pathlib import Path

import pytest

from sent_mcp.cli.check_input import read_sheet
from tests.cli.test_check_input import refusal_of, sheet_of

HEADLESS = " has no header line (there is a phone number on its first line): add one"
NAMES = f"{HEADLESS} with the names of the columns, and name one with --column"


@pytest.mark.parametrize("column", [None, "phone", "+14155550100"])
@pytest.mark.parametrize(
    "content",
    [
        b"Ann,+14155550100\nBob,+14155550101\n",
        b"Ann;x;+1 (415) 555-0100\nBob;y;+14155550101\n",
        b"10000001,+14155550100\n10000002,+14155550101\n",
        b"Ann,+14155550100\n",
    ],
)
def test_a_number_on_the_first_line_means_there_is_no_header(
    tmp_path: Path, content: bytes, column: str | None
) -> None:
    assert refusal_of(tmp_path, content, column).endswith(f"numbers.csv'{NAMES}")


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("(415) 555-0100", "US"),
        ("4155550100", None),
        ("0151 23456789", None),
        ("06 12 34 56 78", "FR"),
    ],
)
def test_so_does_a_number_without_its_country(
    tmp_path: Path, number: str, region: str | None
) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text(f"Ann,{number}\nBob,{number}\n", encoding="utf-8")
    for column in (None, "phone", number):
        with pytest.raises(ValueError, match="has no header line"):
            read_sheet(str(file), column, None, region)


def test_a_file_with_a_number_per_line_needs_no_column(tmp_path: Path) -> None:
    content = b"+14155550100\n+14155550101\n"
    said = refusal_of(tmp_path, content, "phone")
    assert said.endswith(f"{HEADLESS}, or leave out --column for a file with a number per line")


@pytest.mark.parametrize("line", ["+14155550100, +14155550101", "4155550100;4155550101;\n\n"])
def test_numbers_side_by_side_belong_below_each_other(tmp_path: Path, line: str) -> None:
    said = refusal_of(tmp_path, line.encode())
    assert said.endswith("numbers.csv' has all on one line: write one number per line")


@pytest.mark.parametrize("names", ["id,phone,2026", "phone,123456", "Phone 2,phone"])
def test_digits_in_a_name_make_no_number_of_it(tmp_path: Path, names: str) -> None:
    content = f"{names}\n1,2,3\n".encode()
    assert "looks like a CSV" in refusal_of(tmp_path, content)
    assert "has no column" in refusal_of(tmp_path, content, "zzz")
    assert sheet_of(tmp_path, content, "phone").column == names.split(",").index("phone")


def test_a_named_column_may_stand_beside_one_that_is_a_number(tmp_path: Path) -> None:
    assert sheet_of(tmp_path, b"phone,4155550100\n1,2\n", "phone").column == 0


@pytest.mark.parametrize("opening", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path, opening: str) -> None:
    content = f"\ufeff{opening}\r\na,b,c;phone\r\nd,e;+14155550100\r\n".encode()
    sheet = sheet_of(tmp_path, content, "phone")
    assert (sheet.header, sheet.delimiter) == (("a,b,c", "phone"), ";")
    assert (list(sheet.rows()), sheet.count) == ([["d,e", "+14155550100"]], 1)
    assert (sheet.source.opening, sheet.notes) == (opening, ())


@pytest.mark.parametrize("delimiter", ["^", "\t", ":"])
def test_any_delimiter_may_be_told_so(tmp_path: Path, delimiter: str) -> None:
    content = f"sep={delimiter}\n\nname{delimiter}phone\na;b,c{delimiter}+1\n".encode()
    assert list(sheet_of(tmp_path, content, "phone").rows()) == [["a;b,c", "+1"]]


def test_lines_are_counted_with_it(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"sep=;\nname;phone\n\nx\n", "phone")
    assert sheet.notes == (
        "Blank lines left out: 1 (line 3).",
        "Rows shorter than the header: 1 (line 4); what is missing is empty.",
    )
    assert "the row on line 3 is no CSV" in refusal_of(tmp_path, b'sep=;\na;phone\n"\n', "phone")


@pytest.mark.parametrize(
    ("content", "column", "said"),
    [
        (b"sep=;\nname;phone\nAnn;+1\n", None, 'its first line names: "name", "phone"'),
        (b"sep=;\nphone\n+1\n", None, 'its first line names: "phone"'),
        (b"sep=;\nname;phone\nAnn;+1\n", "name;phone", 'It has: "name", "phone"'),
        (b"sep=;\nAnn;+14155550100\n", "phone", NAMES),
        (b"sep=;\n", None, "is empty: there is no number in it"),
        (b"sep=;\n", "phone", "is empty: there is no header in it"),
    ],
)
def test_it_is_never_taken_for_a_row(
    tmp_path: Path, content: bytes, column: str | None, said: str
) -> None:
    assert refusal_of(tmp_path, content, column).endswith(said)


def test_a_name_that_only_looks_like_it_is_one(tmp_path: Path) -> None:
    assert sheet_of(tmp_path, b"sep=x,phone\n1,+1\n", "phone").header == ("sep=x", "phone")

"""Which files `sent-mcp check` can read, what it says of the others, and what it keeps of them."""

from pathlib import Path

import pytest

from sent_mcp.cli.check_input import Sheet, read_sheet
from sent_mcp.cli.check_text import InputError


def sheet_of(tmp_path: Path, content: bytes, column: str | None = None, **words: str) -> Sheet:
    """The file as it is read."""
    file = tmp_path / "numbers.csv"
    file.write_bytes(content)
    return read_sheet(str(file), column, words.get("encoding"))


def refusal_of(tmp_path: Path, content: bytes, column: str | None = None, **words: str) -> str:
    """Why the file is refused."""
    with pytest.raises(InputError) as refused:
        sheet_of(tmp_path, content, column, **words)
    return str(refused.value)


def test_without_a_column_each_line_is_a_number(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"+1 415 555 0100\r\n\r\n  tel:+14155550101 \r\n")
    assert sheet.header == ("input",)
    assert list(sheet.rows()) == [["+1 415 555 0100"], ["  tel:+14155550101 "]]
    assert sheet.notes == ("Blank lines left out: 1 (line 2).",)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_lines_end_in_any_way(tmp_path: Path, end: bytes) -> None:
    lines = (end or b"\n").join([b"+14155550100", b"+14155550101"]) + end
    assert [row for (row,) in sheet_of(tmp_path, lines).rows()] == ["+14155550100", "+14155550101"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_may_have_any_usual_delimiter(tmp_path: Path, delimiter: str) -> None:
    lines = [["name", "phone"], ["Zoë", "+14155550100"]]
    text = "".join(delimiter.join(cells) + "\n" for cells in lines)
    sheet = sheet_of(tmp_path, text.encode(), "phone")
    assert (sheet.header, sheet.column, sheet.delimiter) == (("name", "phone"), 1, delimiter)
    assert list(sheet.rows()) == [["Zoë", "+14155550100"]]


def test_cells_may_be_quoted_and_hold_delimiters_quotes_and_newlines(tmp_path: Path) -> None:
    content = b'"na;me";"my phone"\r\n"a ""b"";\r\nc";"+14155550100"\r\n'
    sheet = sheet_of(tmp_path, content, "my phone")
    assert sheet.header == ("na;me", "my phone")
    assert list(sheet.rows()) == [['a "b";\r\nc', "+14155550100"]]
    assert (sheet.source.newline, sheet.notes) == ("\r\n", ())


def test_a_csv_of_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"phone\n+14155550100\n", "phone")
    assert (sheet.header, list(sheet.rows())) == (("phone",), [["+14155550100"]])


def test_blank_lines_stand_anywhere(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, b"\n \nname,phone\n\na,+14155550100\n,\n", "phone")
    assert list(sheet.rows()) == [["a", "+14155550100"], ["", ""]]
    assert sheet.notes == ("Blank lines left out: 1 (line 4).",)


def test_rows_that_do_not_fit_the_header_keep_all_they_have(tmp_path: Path) -> None:
    content = b"extra_1,phone\na,+14155550100,b,c\nd\ne,+14155550101,f\n"
    sheet = sheet_of(tmp_path, content, "phone")
    assert sheet.header == ("extra_1", "phone", "_extra_1", "extra_2")
    assert list(sheet.rows()) == [
        ["a", "+14155550100", "b", "c"],
        ["d", "", "", ""],
        ["e", "+14155550101", "f", ""],
    ]
    assert sheet.notes == (
        "Rows shorter than the header: 1 (line 3); what is missing is empty.",
        "Rows longer than the header: 2 (the first on line 2); see _extra_1, extra_2.",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_found_without_being_told(tmp_path: Path, encoding: str) -> None:
    sheet = sheet_of(tmp_path, "phöne,b\n+14155550100,ü\n".encode(encoding), "phöne")
    assert (sheet.header, list(sheet.rows())) == (("phöne", "b"), [["+14155550100", "ü"]])


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("cp1252", "cp1252"), ("utf-16-le", "utf-16-le"), ("utf-8-sig", "utf-8")],
)
def test_another_encoding_can_be_named(tmp_path: Path, encoding: str, named: str) -> None:
    content = "phöne\n+14155550100\n".encode(encoding)
    assert sheet_of(tmp_path, content, "phöne", encoding=named).header == ("phöne",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("phone\nä\n".encode("latin-1"), "is not text in UTF-8: see line 2. Save it as UTF-8"),
        ("ä\n".encode("latin-1"), "see line 1."),
        ("+1\n+2\n".encode("utf-16-le"), "is not text in UTF-8: see line 1."),
        (b"\xff\xfe+\x001", "is not text in utf-16: see line 1."),
        (b"PK\x03\x04\xf0\x00\x00", "say what it is with --encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    assert said in refusal_of(tmp_path, content)


@pytest.mark.parametrize("name", ["utf-99", "base64", "rot13"])
def test_an_unknown_encoding_is_named(tmp_path: Path, name: str) -> None:
    said = refusal_of(tmp_path, b"+14155550100", encoding=name)
    assert said.startswith(f"--encoding: '{name}' is not known; usual ones: utf-8, utf-16, cp1252")


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    assert "is not text in ascii: see line 2." in refusal_of(
        tmp_path, "+1\n+2 ä\n".encode(), encoding="ascii"
    )


@pytest.mark.parametrize(
    ("content", "column", "said"),
    [
        (b"", None, "is empty: there is no number in it"),
        (b"\n \n", None, "is empty: there is no number in it"),
        (b"\xef\xbb\xbf", "phone", "is empty: there is no header in it"),
        (b"name,phone\n\n", "phone", "has a header and no row below it"),
    ],
)
def test_a_file_without_numbers_is_refused(
    tmp_path: Path, content: bytes, column: str | None, said: str
) -> None:
    assert refusal_of(tmp_path, content, column).endswith(said)


def test_a_csv_without_a_column_is_told_its_columns(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, b'Name;"Phone; mobile"\nAnn;+14155550100\n')
    assert "looks like a CSV. Say in which column the numbers are, with --column NAME" in said
    assert said.endswith('its first line names: "Name", "Phone; mobile"')


def test_a_number_with_a_tab_in_it_is_no_csv(tmp_path: Path) -> None:
    assert list(sheet_of(tmp_path, b"+1\t415 555 0100\n").rows()) == [["+1\t415 555 0100"]]


def test_a_missing_column_is_told_the_nearest_and_all(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, b"Name,Phone\nAnn,+14155550100\n", "phon")
    assert said.endswith('no column "phon"; did you mean "Phone"? It has: "Name", "Phone"')
    many = ",".join(f"c{number}" for number in range(40))
    said = refusal_of(tmp_path, f"{many}\n{many}\n".encode(), "zzzzzz")
    assert said.endswith('no column "zzzzzz". It has: ' + said.partition("It has: ")[2])
    assert said.endswith('"c29" and 10 more')


def test_a_column_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, b"phone,name,phone\n1,2,3\n", "phone")
    assert said.startswith('--column: "phone" is the name of 2 columns of ')
    kept = sheet_of(tmp_path, b"x,phone,x\n1,2,3\n", "phone")
    assert kept.header == ("x", "phone", "x")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'name,phone\nAnn,+1\n"Bob,+2\nCid,+3\n', 3),
        (b'name,phone\n"Ann" Lee,+1\n', 2),
        (b'"name,phone\nAnn,+1\n', 1),
    ],
)
def test_a_quote_that_is_never_closed_is_found(tmp_path: Path, content: bytes, line: int) -> None:
    assert f"the row on line {line} is no CSV: " in refusal_of(tmp_path, content, "phone")


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be read: (No such file|Is a directory)"):
        read_sheet(str(tmp_path / name), None, None)

"""The file of `sent-mcp check`: its text, its columns, and the rows with a number each."""

import codecs
import csv
import difflib
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NoReturn

from sent_mcp import phone
from sent_mcp.cli.call import UsageError
from sent_mcp.quoting import quoted

STDIN = "-"
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_NAMES = 30


class InputError(UsageError):
    """The file cannot be read as what it is said to be; the text says what to do."""


@dataclass(frozen=True)
class Sheet:
    """Rows of text cells under a header, of which one column holds the numbers.

    `notes` say what is odd about the file, for the person who gave it. The bytes are kept, not the
    rows: of a hundred thousand rows they are a small part.
    """

    content: bytes = field(repr=False)
    encoding: str
    delimiter: str | None
    header: tuple[str, ...]
    column: int
    count: int
    notes: tuple[str, ...]

    @property
    def newline(self) -> str:
        """How lines end in the file."""
        return "\r\n" if b"\r\n" in self.content[:100_000] else "\n"

    @property
    def is_marked(self) -> bool:
        """Whether the file begins with the mark that tells Excel it is UTF-8."""
        return self.content.startswith(codecs.BOM_UTF8)

    def rows(self) -> Iterator[list[str]]:
        """The rows below the header, as wide as it is, in order; no blank lines."""
        for _, row in _below_header(self.content, self.encoding, self.delimiter):
            if not _is_blank(row):
                yield row + [""] * (len(self.header) - len(row))


def read_sheet(file: str, column: str | None, encoding: str | None) -> Sheet:
    """Read FILE, or standard input for `-`: a number per line, or a CSV when there is a `column`.

    Raises InputError.
    """
    name = "standard input" if file == STDIN else repr(file)
    content = _content(file, name)
    encoding = _checked_encoding(content, name, encoding)
    if column is None:
        return _lines(content, encoding, name)
    return _table(content, encoding, name, column)


def _content(file: str, name: str) -> bytes:
    try:
        if file != STDIN:
            return Path(file).read_bytes()
        # Python has none where it was closed (`<&-`).
        return sys.stdin.buffer.read() if sys.stdin else b""
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error


def _checked_encoding(content: bytes, name: str, wanted: str | None) -> str:
    marked = next((codec for mark, codec in _MARKS if content.startswith(mark)), "utf-8-sig")
    encoding = wanted or marked
    try:
        # "utf-8" would take the mark at the beginning for a part of the first name.
        encoding = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
        text = content.decode(encoding)
        # Halves of characters, which some encodings let pass, could not be written.
        text.encode()
    except LookupError as error:
        known = "utf-8, utf-16, cp1252 (Western Windows), iso-8859-1, mac-roman"
        raise InputError(f"--encoding: {encoding!r} is not known; usual ones: {known}") from error
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "ignore")
        _refuse_text(name, before, encoding)
    except UnicodeError:
        _refuse_text(name, "", encoding)
    if "\0" in text:
        _refuse_text(name, text.partition("\0")[0], encoding)
    return encoding


def _refuse_text(name: str, before: str, encoding: str) -> NoReturn:
    shown = "UTF-8" if encoding == "utf-8-sig" else encoding
    line = len(before.splitlines()) + before.endswith("\n") or 1
    raise InputError(
        f"{name} is not text in {shown}: see line {line}."
        " Save it as UTF-8 (a spreadsheet as CSV UTF-8), or say what it is with --encoding,"
        " like --encoding cp1252"
    ) from None


def _records(
    content: bytes, encoding: str, delimiter: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Every record, and the line it begins on. Raises csv.Error."""
    # A reader of lines: as one text, it would take four bytes a character.
    lines = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    if delimiter is None:
        for number, line in enumerate(lines, 1):
            yield number, [line.rstrip("\r\n")]
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"the row on line {begins} is no CSV: {error}") from error
        yield begins, row


def _is_blank(row: Sequence[str]) -> bool:
    return len(row) <= 1 and not any(cell.strip() for cell in row)


def _first(content: bytes, encoding: str, delimiter: str | None) -> list[str] | None:
    records = _records(content, encoding, delimiter)
    return next((row for _, row in records if not _is_blank(row)), None)


def _below_header(
    content: bytes, encoding: str, delimiter: str | None
) -> Iterator[tuple[int, list[str]]]:
    records = _records(content, encoding, delimiter)
    if delimiter is not None:
        next((row for _, row in records if not _is_blank(row)), None)
    return records


def _lines(content: bytes, encoding: str, name: str) -> Sheet:
    first = _first(content, encoding, None)
    if first is None:
        raise InputError(f"{name} is empty: there is no number in it")
    _refuse_csv(content, encoding, name, first[0])
    shape = _Shape(1, _records(content, encoding, None))
    return Sheet(content, encoding, None, ("input",), 0, shape.rows, shape.notes(()))


def _refuse_csv(content: bytes, encoding: str, name: str, line: str) -> None:
    if not any(delimiter in line for delimiter in _DELIMITERS) or _is_number(line):
        return
    names = max(_headers(content, encoding).values(), key=len, default=[line])
    raise InputError(
        f"{name} looks like a CSV. Say in which column the numbers are, with --column NAME;"
        f" its first line names: {_listed(names)}"
    )


def _is_number(line: str) -> bool:
    try:
        phone.normalise(line, "US")
    except phone.InvalidNumberError:
        return False
    return True


def _headers(content: bytes, encoding: str) -> dict[str, list[str]]:
    """The first record as each delimiter would have it, where it can be read with it."""
    found: dict[str, list[str]] = {}
    for delimiter in _DELIMITERS:
        with suppress(csv.Error):
            found[delimiter] = _first(content, encoding, delimiter) or []
    return found


def _table(content: bytes, encoding: str, name: str, column: str) -> Sheet:
    if _first(content, encoding, None) is None:
        raise InputError(f"{name} is empty: there is no header in it")
    wanted = column.strip()
    headers = _headers(content, encoding)
    having = [mark for mark, cells in headers.items() if wanted in map(str.strip, cells)]
    delimiter = max(having or headers, key=lambda mark: len(headers[mark]), default=",")
    try:
        header = _first(content, encoding, delimiter) or []
        index = _index(header, wanted, name)
        shape = _Shape(len(header), _below_header(content, encoding, delimiter))
    except csv.Error as error:
        raise InputError(f"{name}: {error}") from error
    if not shape.rows:
        raise InputError(f"{name} has a header and no row below it")
    extra = _extra_names(header, shape.widest - len(header))
    return Sheet(
        content,
        encoding,
        delimiter,
        (*header, *extra),
        index,
        shape.rows,
        shape.notes(extra),
    )


def _index(header: Sequence[str], wanted: str, name: str) -> int:
    names = [cell.strip() for cell in header]
    if names.count(wanted) > 1:
        raise InputError(
            f"--column: {quoted(wanted, 60)} is the name of {names.count(wanted)} columns of"
            f" {name}; rename all but the one with the numbers"
        )
    if wanted in names:
        return names.index(wanted)
    lower = {each.casefold(): each for each in names}
    near = difflib.get_close_matches(wanted.casefold(), lower, n=1, cutoff=0.5)
    hint = f"; did you mean {quoted(lower[near[0]], 60)}?" if near else "."
    raise InputError(
        f"--column: {name} has no column {quoted(wanted, 60)}{hint} It has: {_listed(names)}"
    )


def _listed(names: Sequence[str]) -> str:
    left = len(names) - _MOST_NAMES
    shown = [quoted(each.strip(), 60) for each in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {left} more" if left > 0 else "")


class _Shape:
    """How many rows there are, and which do not fit the header."""

    def __init__(self, width: int, records: Iterable[tuple[int, Sequence[str]]]) -> None:
        self.rows = 0
        self.widest = width
        self._blank: list[int] = []
        self._short: list[int] = []
        self._long: list[int] = []
        for line, row in records:
            if _is_blank(row):
                self._blank.append(line)
                continue
            self.rows += 1
            self.widest = max(self.widest, len(row))
            if len(row) != width:
                (self._short if len(row) < width else self._long).append(line)

    def notes(self, extra: Sequence[str]) -> tuple[str, ...]:
        """What to tell about lines that are blank, and rows that do not fit the header."""
        return (
            *_note(self._blank, "Blank lines left out", ""),
            *_note(self._short, "Rows shorter than the header", "what is missing is empty"),
            *_note(self._long, "Rows longer than the header", f"see {', '.join(extra)}"),
        )


def _note(lines: Sequence[int], what: str, then: str) -> tuple[str, ...]:
    if not lines:
        return ()
    where = f"line {lines[0]}" if len(lines) == 1 else f"the first on line {lines[0]}"
    return ("; ".join(part for part in (f"{what}: {len(lines):,} ({where})", then) if part) + ".",)


def _extra_names(header: Sequence[str], count: int) -> list[str]:
    names: list[str] = []
    for number in range(1, count + 1):
        names.append(free_name(f"extra_{number}", chain(header, names), "_"))
    return names


def free_name(name: str, taken: Iterable[str], prefix: str) -> str:
    """The name, behind as many prefixes as it takes to be a new one."""
    taken = {each.strip() for each in taken}
    while name in taken:
        name = prefix + name
    return name

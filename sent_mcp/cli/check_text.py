"""The text in a file of `sent-mcp check`: what its bytes mean, and its records one by one."""

import codecs
import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sent_mcp.cli.outcome import UsageError

STDIN = "-"
DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR = re.compile(r'("?)sep=([^\w"])\1', re.IGNORECASE)


class InputError(UsageError):
    """The file cannot be read as what it is said to be; the text says what to do."""


@dataclass(frozen=True)
class Source:
    """The bytes of a file, and how they are text. `name` is for people.

    The bytes are kept, not the rows: of a hundred thousand rows they are a small part.
    """

    name: str
    content: bytes = field(repr=False)
    encoding: str

    @property
    def newline(self) -> str:
        """How lines end in the file."""
        return "\r\n" if b"\r\n" in self.content[:100_000] else "\n"

    @property
    def is_marked(self) -> bool:
        """Whether the file begins with the mark that tells Excel it is UTF-8."""
        return self.content.startswith(codecs.BOM_UTF8)

    @property
    def opening(self) -> str:
        """The line `sep=;` that tells Excel the delimiter, where the file begins with one."""
        line = self._lines().readline(20).rstrip("\r\n")
        return line if _SEPARATOR.fullmatch(line) else ""

    @property
    def separator(self) -> str | None:
        """The delimiter that line names."""
        found = _SEPARATOR.fullmatch(self.opening)
        return found[2] if found else None

    def records(self, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
        """Every record below the opening, and the line it begins on. Raises csv.Error."""
        lines = self._lines()
        skipped = 1 if self.opening else 0
        for _ in range(skipped):
            lines.readline()
        if delimiter is None:
            for number, line in enumerate(lines, 1 + skipped):
                yield number, [line.rstrip("\r\n")]
            return
        yield from _rows(lines, delimiter, skipped)

    def below_header(self, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
        """The same without the header; only a CSV has one."""
        records = self.records(delimiter)
        if delimiter is not None:
            next((row for _, row in records if not is_blank(row)), None)
        return records

    def first(self, delimiter: str | None) -> list[str] | None:
        """The first record that is not blank."""
        return next((row for _, row in self.records(delimiter) if not is_blank(row)), None)

    def headers(self) -> dict[str, list[str]]:
        """The first record as each delimiter would have it, where it can be read with it."""
        found: dict[str, list[str]] = {}
        for delimiter in [self.separator] if self.separator else DELIMITERS:
            with suppress(csv.Error):
                found[delimiter] = self.first(delimiter) or []
        return found

    def _lines(self) -> io.TextIOWrapper:
        # A reader of lines: as one text, it would take four bytes a character.
        return io.TextIOWrapper(io.BytesIO(self.content), encoding=self.encoding, newline="")


def _rows(lines: Iterator[str], delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1 + skipped
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"the row on line {begins} is no CSV: {error}") from error
        yield begins, row


def is_blank(row: Sequence[str]) -> bool:
    """Whether this is a line with nothing on it."""
    return len(row) <= 1 and not any(cell.strip() for cell in row)


def read_source(file: str, encoding: str | None) -> Source:
    """Read FILE, or standard input for `-`. Raises InputError."""
    name = "standard input" if file == STDIN else repr(file)
    content = _content(file, name)
    return Source(name, content, _checked_encoding(content, name, encoding))


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

"""The file of `sent-mcp check`: its columns, and the rows with a number each."""

import csv
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NoReturn

from sent_mcp import phone
from sent_mcp.cli.check_text import DELIMITERS, InputError, Source, is_blank, read_source
from sent_mcp.quoting import quoted

_MOST_NAMES = 30
_FEWEST_DIGITS = 7
_SPELLED = ("US", "DE")
"""Regions for numbers of no known one; Germany takes nearly every length."""


@dataclass(frozen=True)
class Sheet:
    """Rows of text cells under a header, of which one column holds the numbers.

    `notes` say what is odd about the file, for the person who gave it.
    """

    source: Source
    delimiter: str | None
    header: tuple[str, ...]
    column: int
    count: int
    notes: tuple[str, ...]

    def rows(self) -> Iterator[list[str]]:
        """The rows below the header, as wide as it is, in order; no blank lines."""
        for _, row in self.source.below_header(self.delimiter):
            if not is_blank(row):
                yield row + [""] * (len(self.header) - len(row))


def read_sheet(
    file: str, column: str | None, encoding: str | None, region: str | None = None
) -> Sheet:
    """Read FILE, or standard input for `-`: a number per line, or a CSV when there is a `column`.

    `region` helps to see that a first line has a number and is no header. Raises InputError.
    """
    source = read_source(file, encoding)
    if column is None:
        return _lines(source, region)
    return _table(source, column.strip(), region)


def _lines(source: Source, region: str | None) -> Sheet:
    first = source.first(None)
    if first is None:
        raise InputError(f"{source.name} is empty: there is no number in it")
    if source.separator or _is_csv(first[0]):
        _refuse_csv(source, first[0], region)
    shape = _Shape(1, source.records(None))
    return Sheet(source, None, ("input",), 0, shape.rows, shape.notes(()))


def _is_csv(line: str) -> bool:
    return any(delimiter in line for delimiter in DELIMITERS) and not _is_number(line, ["US"])


def _refuse_csv(source: Source, line: str, region: str | None) -> NoReturn:
    names = max(source.headers().values(), key=len, default=[line])
    if any(_has_number(cell, region) for cell in names):
        _refuse_headless(source, names, region)
    raise InputError(
        f"{source.name} looks like a CSV. Say in which column the numbers are, with --column NAME;"
        f" its first line names: {_listed(names)}"
    )


def _refuse_headless(source: Source, cells: Sequence[str], region: str | None) -> NoReturn:
    rows = sum(not is_blank(row) for _, row in source.records(None))
    if rows == 1 and all(_has_number(cell, region) for cell in cells if cell.strip()):
        raise InputError(f"{source.name} has all on one line: write one number per line")
    add = "add one with the names of the columns, and name one with --column"
    if len(cells) == 1:
        add = "add one, or leave out --column for a file with a number per line"
    raise InputError(
        f"{source.name} has no header line (there is a phone number on its first line): {add}"
    )


def _has_number(cell: str, region: str | None) -> bool:
    enough = sum(character.isdigit() for character in cell) >= _FEWEST_DIGITS
    return enough and _is_number(cell, [region] if region else _SPELLED)


def _is_number(text: str, regions: Iterable[str]) -> bool:
    for region in regions:
        try:
            phone.normalise(text, region)
        except phone.InvalidNumberError:
            continue
        return True
    return False


def _table(source: Source, wanted: str, region: str | None) -> Sheet:
    if source.first(None) is None:
        raise InputError(f"{source.name} is empty: there is no header in it")
    headers = source.headers()
    having = [mark for mark, cells in headers.items() if wanted in map(str.strip, cells)]
    delimiter = max(
        having or headers,
        key=lambda mark: len(headers[mark]),
        default=source.separator or DELIMITERS[0],
    )
    try:
        header = source.first(delimiter) or []
        index = _index(header, wanted, source, region)
        shape = _Shape(len(header), source.below_header(delimiter))
    except csv.Error as error:
        raise InputError(f"{source.name}: {error}") from error
    if not shape.rows:
        raise InputError(f"{source.name} has a header and no row below it")
    names = (*header, *_extra_names(header, shape.widest - len(header)))
    notes = shape.notes(names[len(header) :])
    return Sheet(source, delimiter, names, index, shape.rows, notes)


def _index(header: Sequence[str], wanted: str, source: Source, region: str | None) -> int:
    names = [cell.strip() for cell in header]
    # A column that is there, and is none of a number, may stand beside one.
    if any(_has_number(name, region) for name in ([wanted] if wanted in names else names)):
        _refuse_headless(source, names, region)
    if names.count(wanted) > 1:
        raise InputError(
            f"--column: {quoted(wanted, 60)} is the name of {names.count(wanted)} columns of"
            f" {source.name}; rename all but the one with the numbers"
        )
    if wanted in names:
        return names.index(wanted)
    lower = {each.casefold(): each for each in names}
    near = difflib.get_close_matches(wanted.casefold(), lower, n=1, cutoff=0.5)
    hint = f"; did you mean {quoted(lower[near[0]], 60)}?" if near else "."
    raise InputError(
        f"--column: {source.name} has no column {quoted(wanted, 60)}{hint} It has: {_listed(names)}"
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
            if is_blank(row):
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

"""The rows of `sent-mcp check` as CSV, JSON or a table."""

import csv
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sent_mcp.cli.check_input import Sheet, free_name
from sent_mcp.cli.check_rows import ADDED, Answers, Numbered, added_cells
from sent_mcp.quoting import quoted

if TYPE_CHECKING:
    from io import TextIOWrapper

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What one reader or another takes for the end of a line."""
_HARMLESS_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
Format = Literal["table", "csv", "json"]
MOST_SHOWN = 200
_SHOWN = ("phone_number", "whatsapp", "sms", "opt_out", "note")
"""What fits beside the input into a terminal's 80 columns."""
_LONGEST_CELL = 120
_NARROWEST = 64
"""Below this there is no room for all of them; a terminal folds the lines then."""


class Report:
    """Every row of a sheet with what is known of its number."""

    def __init__(self, sheet: Sheet, numbered: Numbered, answers: Answers, unanswered: str) -> None:
        """`unanswered` is the note of a number of which nothing is known."""
        self._sheet = sheet
        self._numbered = numbered
        self._answers = answers
        self._unanswered = unanswered

    def write(self, stream: TextIO, form: Format) -> None:
        """Write all of it. Raises OSError."""
        {"csv": self._write_csv, "json": self._write_json, "table": self._write_table}[form](stream)

    def _added(self) -> Iterator[list[str]]:
        for number, reason in self._numbered.rows():
            yield added_cells(number, reason, self._answers, self._unanswered)

    def _names(self) -> list[str]:
        header = self._sheet.header
        return [*header, *(free_name(name, header, "sent_") for name in ADDED)]

    def _write_csv(self, stream: TextIO) -> None:
        source = self._sheet.source
        if source.opening:
            stream.write(source.opening + source.newline)
        write_row = _row_writer(stream, self._sheet.delimiter or ",", source.newline)
        write_row(self._names())
        for row, added in zip(self._sheet.rows(), self._added(), strict=True):
            write_row([*row, *_no_formula(added)])

    def _write_json(self, stream: TextIO) -> None:
        keys = _unique(self._names())
        before = "[\n"
        for row, added in zip(self._sheet.rows(), self._added(), strict=True):
            cells = chain(row, (cell or None for cell in added))
            whole = dict(zip(keys, cells, strict=True))
            stream.write(before + json.dumps(whole, ensure_ascii=False))
            before = ",\n"
        stream.write("\n]\n")

    def _write_table(self, stream: TextIO) -> None:
        terminal = shutil.get_terminal_size().columns
        console = Console(file=stream, width=max(terminal, _NARROWEST))
        with console.capture() as drawn:
            console.print(self._table())
        lines = [line.rstrip() for line in drawn.get().splitlines()]
        stream.write("".join(f"{line}\n" for line in lines))
        left = len(self._numbered) - MOST_SHOWN
        if left > 0:
            stream.write(f"... and {left:,} more rows: --out FILE writes them all.\n")
        # Without the codes that make the header bold.
        width = max(len(Text.from_ansi(line).plain.rstrip()) for line in lines)
        if width > terminal:
            stream.write(f"The table is {width} columns wide, and the terminal {terminal}.\n")

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column(_plain(self._sheet.header[self._sheet.column]), overflow="fold")
        for shown in _SHOWN:
            table.add_column(shown, no_wrap=shown != "note", overflow="fold")
        rows = zip(self._sheet.rows(), self._added(), strict=True)
        for row, added in islice(rows, MOST_SHOWN):
            said = dict(zip(ADDED, added, strict=True))
            cells = [row[self._sheet.column], *(said[column] for column in _SHOWN)]
            table.add_row(*map(_plain, cells))
        return table


def _row_writer(stream: TextIO, delimiter: str, newline: str) -> Callable[[Sequence[str]], object]:
    usual = csv.writer(stream, delimiter=delimiter, lineterminator=newline)
    careful = csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    # Python before 3.13 quotes none but those it ends a line with.
    others = re.compile(f"[{_LINE_ENDS.translate(dict.fromkeys(map(ord, newline)))}]")

    def write(row: Sequence[str]) -> object:
        return (careful if others.search("".join(row)) else usual).writerow(row)

    return write


def _no_formula(added: Sequence[str]) -> list[str]:
    """The cells with an id from the API that a spreadsheet would not take for a formula."""
    cells = dict(zip(ADDED, added, strict=True))
    found = cells["contact_id"]
    if found and not _HARMLESS_ID.fullmatch(found):
        cells["contact_id"] = f"'{found}"
    return list(cells.values())


def _plain(text: str) -> Text:
    return Text(quoted(text, _LONGEST_CELL)[1:-1])


def _unique(names: Iterable[str]) -> list[str]:
    """The names as keys of one object: a second `city` is `city_2`."""
    keys: list[str] = []
    for position, name in enumerate(names, 1):
        key, again = name or f"column_{position}", 2
        while key in keys:
            key, again = f"{name}_{again}", again + 1
        keys.append(key)
    return keys


def write_stdout(write: Callable[[TextIO], None], form: Format) -> None:
    """Print what `write` writes; a reader that has gone (`| head`) has seen enough.

    Raises OSError: the disk behind it is full.
    """
    stdout = cast("TextIOWrapper", sys.stdout)
    if form != "table":
        stdout.reconfigure(encoding="utf-8", newline="")
    try:
        write(stdout)
        stdout.flush()
    except OSError as error:
        # Python would try again at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise

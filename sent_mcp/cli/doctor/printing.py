"""A report on a terminal: a line per finding, readable without colours, 80 columns wide."""

import re
import textwrap
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from sent_mcp.cli.doctor.findings import Check, Report, Status

_MARKS: Mapping[Status, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "warning": ("warning", "bold yellow"),
    "wrong": ("WRONG", "bold red"),
    "not_checked": ("not checked", "dim"),
}
_MARGIN = 13
_NARROWEST = 40
"""Of a terminal that says it has no columns, or next to none."""
_COMMAND = re.compile(r"`[^`]*`")
_NO_BREAK = "\N{NO-BREAK SPACE}"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads on; the exit code must still say what was found."""
        self.quiet = True


def print_report(report: Report) -> None:
    """Print it on stdout; in colours on a terminal, unless NO_COLOR is set (by rich)."""
    console = _Console(highlight=False)
    console.width = max(console.width, _NARROWEST)
    for check in report.checks:
        _print_check(console, check)
    console.print()
    style = "bold green" if report.usable else "bold red"
    for line in _wrapped(report.ending, console.width):
        console.print(Text(line, style), soft_wrap=True)


def _print_check(console: Console, check: Check) -> None:
    word, style = _MARKS[check.status]
    mark = Text(word.ljust(_MARGIN), style)
    for line in _wrapped(check.message, console.width - _MARGIN):
        console.print(mark + line, soft_wrap=True)
        mark = Text(" " * _MARGIN)
    if check.advice:
        for number, line in enumerate(_wrapped(check.advice, console.width - _MARGIN - 3)):
            arrow = "   " if number else "-> "
            console.print(Text(" " * _MARGIN + arrow + line, "bold"), soft_wrap=True)


def _wrapped(text: str, width: int) -> list[str]:
    # A path or a command that is broken cannot be copied; it rather stands out.
    whole = _COMMAND.sub(lambda command: command[0].replace(" ", _NO_BREAK), text)
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]

"""What a judge said: one row each, their table, and whether anything is unexplained."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Verdict:
    """What one judge said of one thing: checks that passed and failed, and its exit codes.

    `explained` failures have a reason in writing; each of the `unexplained` is named.
    """

    judge: str
    what: str
    passed: int
    failed: int
    exit_codes: str
    explained: int = 0
    unexplained: tuple[str, ...] = ()


def show(console: Console, verdicts: Sequence[Verdict], seconds: float) -> None:
    """Print the table, and below it whatever is unexplained."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("judge")
    table.add_column("what")
    for name in ("passed", "failed", "explained", "unexplained", "exit codes"):
        table.add_column(name, justify="right")
    for each in verdicts:
        numbers = (each.passed, each.failed, each.explained, len(each.unexplained))
        table.add_row(each.judge, each.what, *map(str, numbers), each.exit_codes)
    console.print(table)
    for each in verdicts:
        for line in each.unexplained:
            console.print(f"{each.judge}, {each.what}: {line}", markup=False, highlight=False)
    said = "FAILED" if any(each.unexplained for each in verdicts) else "passed"
    console.print(f"{said} in {seconds:.0f} s", highlight=False)

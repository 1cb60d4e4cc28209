"""What was tried and what became of it: rows, their table, and what went wrong."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict
from rich import box
from rich.console import Console
from rich.table import Table


class Model(BaseModel):
    """Never changed once it is made."""

    model_config = ConfigDict(frozen=True)


class Scale(Model):
    """How much is tried, and from which seed it is drawn."""

    quick: bool
    seed: int

    def of(self, quick: int, full: int) -> int:
        """The one that is asked for."""
        return quick if self.quick else full


class Row(Model):
    """One thing that was tried many times.

    `survived` are those after which everything was as it should be: an answer that was right or a
    clear error, in time. What is `lost`, `doubled` or `leaked` is counted by the part, in its own
    unit. `wrong` says of each failure what would show it again, the first few at least.
    """

    part: str
    what: str
    tried: int
    survived: int
    lost: int = 0
    doubled: int = 0
    leaked: int = 0
    figures: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong; where nothing was tried, nothing is proven."""
        return (
            0 < self.tried == self.survived
            and not (self.lost or self.doubled or self.leaked)
            and not self.wrong
        )


Part = Callable[[Scale], Awaitable[Sequence[Row]]]
Column = Literal["part", "what", "tried", "survived", "lost", "doubled", "leaked"]
_NUMBERS: tuple[Column, ...] = ("tried", "survived", "lost", "doubled", "leaked")


class Timed(Model):
    """The rows of one part, when, where and from which seed they came, and how long it took."""

    part: str
    scale: Scale
    measured_on: date
    python: str
    processors: int
    seconds: float
    rows: tuple[Row, ...]


class Report(Model):
    """Parts of one run, or as `--json` has gathered them."""

    parts: tuple[Timed, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Those of all parts."""
        return tuple(row for part in self.parts for row in part.rows)

    @property
    def passed(self) -> bool:
        """Whether every row has; a run of nothing has not."""
        return bool(self.rows) and all(row.passed for row in self.rows)

    def renewed(self, by: "Report") -> "Report":
        """The same with the parts of another run, in the place of theirs here or after them."""
        newer = {each.part: each for each in by.parts}
        kept = [newer.pop(each.part, each) for each in self.parts]
        return Report(parts=(*kept, *newer.values()))


def show(console: Console, report: Report) -> None:
    """Print the table, and below it what went wrong."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("part")
    table.add_column("what")
    for name in (*_NUMBERS, "seconds"):
        table.add_column(name, justify="right")
    table.add_column("figures")
    for part in report.parts:
        for first, row in enumerate(part.rows):
            numbers = [f"{getattr(row, name):,}" for name in _NUMBERS]
            seconds = "" if first else f"{part.seconds:.0f}"
            table.add_row(row.part, row.what, *numbers, seconds, row.figures)
    console.print(table)
    for row in report.rows:
        for line in row.wrong:
            console.print(f"{row.part}, {row.what}: {line}", markup=False, highlight=False)
    said = "passed" if report.passed else "FAILED"
    seeds = sorted({part.scale.seed for part in report.parts})
    console.print(f"{said}, from seed {', '.join(map(str, seeds))}", highlight=False)

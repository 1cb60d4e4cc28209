"""Rows as Markdown, for a terminal and for the README."""

from collections.abc import Iterable, Iterator

from benchmarks.results import Figure, Report, Row, Target, Unit

_WHOLE = ("tokens", "requests")


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of the table, each as soon as its row is known; a new head for another rival."""
    against = None
    for row in rows:
        if row.against != against:
            yield from ("",) if against else ()
            against = row.against
            yield f"| | | ours | {against} | ratio | floor | target (stretch) | met |"
            yield "|---|---|--:|--:|--:|--:|---|---|"
        yield _line(row)


def report_text(report: Report) -> str:
    """Where it was measured, and the rows that matter most."""
    machine = report.machine
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    where = f"{machine.system}, {machine.processors} processors, {machine.python}; {packages}."
    table = "\n".join(lines(row for row in report.rows if row.headline))
    return f"Measured {report.measured_on} on {where}\n\n{table}"


def _line(row: Row) -> str:
    cells = (
        row.benchmark,
        f"{row.measure}, {row.unit}" + (f"; {row.note}" if row.note else ""),
        _figure(row.ours, row.unit),
        _figure(row.other, row.unit),
        _figure(row.ratio, None),
        _figure(row.floor, row.unit),
        _target(row.target, row.unit),
        row.met or "",
    )
    return f"| {' | '.join(cells)} |"


def _figure(figure: Figure | None, unit: Unit | None) -> str:
    if figure is None:
        return ""
    if figure.quartiles is None:
        return _number(figure.median, unit)
    low, high = (_number(value, unit) for value in figure.quartiles)
    return f"{_number(figure.median, unit)} ({low}–{high})"


def _number(value: float, unit: Unit | None) -> str:
    if unit in _WHOLE or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _target(target: Target | None, unit: Unit) -> str:
    if target is None:
        return ""
    sign = "≥" if target.higher else "≤"
    of = unit if target.of == "ours" else None
    limit = _number(target.limit, of) + (f" {unit}" if of else "")
    return f"{sign} {limit}" + (f" ({_number(target.stretch, of)})" if target.stretch else "")

"""`python -m benchmarks [NAME]`: measure, print a table, and keep it as JSON where asked to."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import call, check, cold, http_calls, memory, throughput, tokens
from benchmarks.results import Machine, Report, Row
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.table import lines

BENCHMARKS: dict[str, Callable[[Sizes], Iterator[Row]]] = {
    "cold": cold.rows,
    "call": call.rows,
    "throughput": throughput.rows,
    "memory": memory.rows,
    "tokens": tokens.rows,
    "check": check.rows,
}
"""What is run where nothing is named."""
NAMED = {**BENCHMARKS, "http": http_calls.rows}
"""What can be named: `http` takes longer than all the others."""


def main() -> None:
    """Run what the command line names."""
    arguments = _parser().parse_args()
    # Whoever ends this ends the servers it started, too.
    signal.signal(signal.SIGTERM, _end)
    names: Sequence[str] = [arguments.name] if arguments.name else [*BENCHMARKS]
    machine = Machine.this()
    found: list[Row] = []
    for line in lines(_kept(names, QUICK if arguments.quick else FULL, found)):
        print(line, flush=True)
    if arguments.json:
        report = Report(
            measured_on=datetime.now(UTC).date(),
            quick=arguments.quick,
            machine=machine,
            rows=tuple(found),
        )
        arguments.json.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _end(*_: object) -> None:
    sys.exit("ended by a signal")


def _kept(names: Sequence[str], sizes: Sizes, found: list[Row]) -> Iterator[Row]:
    for name in names:
        for row in NAMED[name](sizes):
            found.append(row)
            yield row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMED, help="none: all but http")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every row here, too")
    parser.add_argument("--quick", action="store_true", help="a few runs, to see that all works")
    return parser


if __name__ == "__main__":
    main()

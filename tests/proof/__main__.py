"""`python -m tests.proof --quick|--full`: try everything, print what became of it.

Quick parts run two at a time, or one where there is one processor; full ones alone, since some of
them measure speed.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from tests.proof.parts import PARTS, timed
from tests.proof.report import Report, Scale, Timed, show


def main() -> int:
    """Exit code 0 when nothing was lost, doubled, leaked or otherwise wrong."""
    arguments = _parser().parse_args()
    scale = Scale(quick=not arguments.full, seed=arguments.seed)
    names: Sequence[str] = arguments.parts or [*PARTS]
    report = Report(parts=tuple(_run(names, scale)))
    show(Console(width=arguments.width), report)
    if arguments.json:
        _keep(report, arguments.json)
    return 0 if report.passed else 1


def _run(names: Sequence[str], scale: Scale) -> Iterable[Timed]:
    """In the order of their names, however long each takes."""
    at_once = min(2, os.cpu_count() or 1)
    if not scale.quick or at_once == 1 or len(names) == 1:
        return [timed(name, scale) for name in names]
    # Not a fork: some parts begin threads and processes of their own.
    with ProcessPoolExecutor(at_once, get_context("spawn")) as pool:
        return [*pool.map(partial(timed, scale=scale), names)]


def _keep(report: Report, path: Path) -> None:
    if path.exists():
        report = Report.model_validate_json(path.read_bytes()).renewed(report)
    path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="none: all")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true", help="less than three minutes")
    size.add_argument("--full", action="store_true", help="more than an hour")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of an old run")
    parser.add_argument("--width", type=int, default=140, help="of the table, in characters")
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="keep the rows here, in the place of older ones"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.proof --quick|--full`: try everything, print what became of it."""

import argparse
import os
import platform
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
from rich.console import Console

from tests.proof import (
    crashes,
    endurance,
    faults,
    fuzz_answers,
    fuzz_arguments,
    fuzz_framing,
    fuzz_phones,
    fuzz_tokens,
    secrets,
    untrusted_text,
)
from tests.proof.report import Part, Report, Scale, Timed, show

PARTS: dict[str, Part] = {
    "faults": faults.run,
    "crashes": crashes.run,
    "framing": fuzz_framing.run,
    "arguments": fuzz_arguments.run,
    "answers": fuzz_answers.run,
    "tokens": fuzz_tokens.run,
    "phones": fuzz_phones.run,
    "untrusted": untrusted_text.run,
    "secrets": secrets.run,
    "endurance": endurance.run,
}
"""In the order in which they run."""


def main() -> int:
    """Exit code 0 when nothing was lost, doubled, leaked or otherwise wrong."""
    arguments = _parser().parse_args()
    scale = Scale(quick=not arguments.full, seed=arguments.seed)
    names: Sequence[str] = arguments.parts or [*PARTS]
    report = Report(parts=tuple(_timed(name, scale) for name in names))
    show(Console(width=arguments.width), report)
    if arguments.json:
        _keep(report, arguments.json)
    return 0 if report.passed else 1


def _timed(name: str, scale: Scale) -> Timed:
    Console(stderr=True).print(f"{name} ...")
    began = time.monotonic()
    rows = anyio.run(PARTS[name], scale)
    return Timed(
        part=name,
        scale=scale,
        measured_on=datetime.now(UTC).date(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        processors=os.cpu_count() or 1,
        seconds=round(time.monotonic() - began, 1),
        rows=tuple(rows),
    )


def _keep(report: Report, path: Path) -> None:
    if path.exists():
        report = Report.model_validate_json(path.read_bytes()).renewed(report)
    path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="none: all")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true", help="less than three minutes")
    size.add_argument("--full", action="store_true", help="hours")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of an old run")
    parser.add_argument("--width", type=int, default=140, help="of the table, in characters")
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="keep the rows here, in the place of older ones"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

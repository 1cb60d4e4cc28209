"""The parts of the proof, and one of them run and timed."""

import os
import platform
import time
from datetime import UTC, datetime

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
from tests.proof.report import Part, Scale, Timed

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


def timed(name: str, scale: Scale) -> Timed:
    """What became of one part, run here and now; its name goes to stderr first."""
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

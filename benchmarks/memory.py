"""How much memory a server holds, and how much a command needs at its peak."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.emulated import emulated
from benchmarks.pairs import in_turns
from benchmarks.pipe import started
from benchmarks.questions import Question, questions
from benchmarks.results import Row, Target, compared
from benchmarks.servers import OURS, REFERENCE, Server
from benchmarks.sizes import Sizes

_TARGET = Target(limit=1.0, stretch=0.75)
_ONE_PAGE_IN = 10
_STILL_SECONDS, _LONGEST_SECONDS = 0.5, 10.0

# A process begins with the peak of the one that started it, so a small one does.
_STARTER = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def rows(sizes: Sizes) -> Iterator[Row]:
    """Both rows: idle, and after calls of which each tenth reads a page of 100."""
    with emulated(500) as api:
        asked = questions(api)
        sides: list[Callable[[], tuple[float, float]]] = [
            partial(_held, server, api.environment(), asked, sizes.calls)
            for server in (OURS, REFERENCE)
        ]
        ours, reference = in_turns(sides, runs=sizes.processes, warm_ups=0)
    idle = [[first for first, _ in side] for side in (ours, reference)]
    later = [[second for _, second in side] for side in (ours, reference)]
    yield compared("memory", "idle after `tools/list`", "MB", *idle)
    yield compared("memory", f"after {sizes.calls:,} calls", "MB", *later, target=_TARGET)


def _held(
    server: Server, settings: Mapping[str, str], asked: tuple[Question, Question], calls: int
) -> tuple[float, float]:
    one, page = asked
    with started(server, settings) as conversation:
        conversation.open()
        conversation.list_tools()
        idle = _at_rest(conversation.pid)
        for number in range(calls):
            question = one if number % _ONE_PAGE_IN else page
            question.read(conversation.call(question.tool, question.arguments).result)
        return idle, resident_memory(conversation.pid)


def _at_rest(pid: int) -> float:
    # A server may list its tools before it has loaded all it needs.
    since = began = time.monotonic()
    held = resident_memory(pid)
    while time.monotonic() - since < _STILL_SECONDS and time.monotonic() - began < _LONGEST_SECONDS:
        time.sleep(_STILL_SECONDS / 10)
        now = resident_memory(pid)
        if now != held:
            held, since = now, time.monotonic()
    return held


def resident_memory(pid: int) -> float:
    """What this process holds now, in megabytes."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        kilobytes = line.split()[1]
    else:
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        kilobytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(kilobytes) * 1024 / 1_000_000


def peak_memory(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Run it to its end; its peak memory in megabytes.

    Raises RuntimeError, with what it wrote to stderr, when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, *command],
        env=environ,
        check=False,
        capture_output=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    # Linux counts kilobytes, macOS bytes.
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1_000_000

"""Whether the last quarter of a long run was like the second, with bounds and their reasons."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.proof.endurance_process import Reading
from tests.proof.report import Row, Scale

PART, MOST_TOLD = "endurance", 12
GROWTH, QUICK_GROWTH = 1.03, 1.15
"""A quick run makes so few calls that caches still fill in its second quarter."""
CPU_SLOWER = 1.15
"""Neighbours on the machine cost cache and clock: the same work took up to a tenth more there."""
SLOWER = 1.25
"""Of the median time, beyond what a bare request to the emulator took longer meanwhile. A quick run
judges neither: in seconds the machine says more than the server."""
FILE_GROWTH, QUICK_FILE_GROWTH = 1.1, 2.0
"""A quick run's file has few pages, and one more is much."""
QUICK_AT_FIRST_USE = 2
"""The state file and the audit log, which a worker opens for its first change: that may be late."""
_OTHER_THREADS = 4
"""The main one, those of the state store and of the audit log, and one that loads the server."""
IDLE, QUICK_IDLE = 0.001, 0.01
"""The share of a CPU that a server may take while nobody asks it anything. In five seconds two of
the kernel's ticks are four thousandths."""
RESOLVERS = min(32, (os.cpu_count() or 1) + 4)
"""The threads in which asyncio opens connections: it starts them up to here, and keeps them."""


@dataclass
class Quarter:
    """What was seen in one of four.

    By process: how large it was again and again, and itself at the beginning and the end. `reads`
    are the seconds of single reads by way, `bare` those of the emulator alone.
    """

    resident: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    begin: dict[str, Reading] = field(default_factory=dict[str, Reading])
    end: dict[str, Reading] = field(default_factory=dict[str, Reading])
    reads: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    bare: list[float] = field(default_factory=list[float])
    states: dict[str, int] = field(default_factory=dict[str, int])
    calls: int = 0
    seconds: float = 0.0

    @property
    def cpu_per_call(self) -> float:
        """Milliseconds of all servers."""
        spent = sum(self.end[name].cpu - self.begin[name].cpu for name in self.end)
        return 1000 * spent / self.calls


def judged(scale: Scale, quarters: Sequence[Quarter], rest: Mapping[str, Reading]) -> list[Row]:
    """A row for each thing that must not grow; `rest` is every process after it all."""
    _, second, _, last = quarters
    return [
        memory(second, last, QUICK_GROWTH if scale.quick else GROWTH),
        descriptors(second.begin, rest, QUICK_AT_FIRST_USE if scale.quick else 0),
        threads(second.begin, rest),
        *([] if scale.quick else [speed(second, last)]),
        files(second, last, QUICK_FILE_GROWTH if scale.quick else FILE_GROWTH),
    ]


def memory(second: Quarter, last: Quarter, bound: float) -> Row:
    """The median of what each process had in memory."""
    grown = {
        name: statistics.median(last.resident[name]) / statistics.median(second.resident[name])
        for name in last.resident
    }
    worst = max(grown, key=lambda name: grown[name])
    wrong = [f"{name} grew by {_percent(each)}" for name, each in grown.items() if each > bound]
    largest = max(statistics.median(each) for each in last.resident.values()) / 1e6
    figures = f"{worst} {_percent(grown[worst])}; largest {largest:.1f} MB; bound {_percent(bound)}"
    return _row("memory flat, by process", len(grown), wrong, figures)


def descriptors(
    begin: Mapping[str, Reading], rest: Mapping[str, Reading], at_first_use: int
) -> Row:
    """As many at the end, when all is quiet, as at the beginning of the second quarter."""
    before = {name: each.descriptors for name, each in begin.items()}
    after = {name: each.descriptors for name, each in rest.items()}
    wrong = [
        f"{name} went from {before[name]} to {after[name]}"
        for name in after
        if after[name] > before[name] + at_first_use
    ]
    figures = f"at most {max(before.values())}, then {max(after.values())}"
    return _row("descriptors flat, by process", len(after), wrong, figures)


def threads(begin: Mapping[str, Reading], rest: Mapping[str, Reading]) -> Row:
    """No more than before, but for those that open connections, of which there may be so many."""
    before = {name: each.threads for name, each in begin.items()}
    after = {name: each.threads for name, each in rest.items()}
    wrong = [
        f"{name} went from {before[name]} to {after[name]}"
        for name in after
        if after[name] > max(before[name], _OTHER_THREADS + RESOLVERS)
    ]
    figures = f"at most {max(before.values())}, then {max(after.values())}"
    return _row("threads bounded, by process", len(after), wrong, figures)


def speed(second: Quarter, last: Quarter) -> Row:
    """CPU time per call, and the median of a read on each way."""
    wrong: list[str] = []
    cpu = last.cpu_per_call / second.cpu_per_call
    if cpu > CPU_SLOWER:
        wrong.append(f"a call took {_percent(cpu)} CPU time")
    bare = statistics.median(last.bare) / statistics.median(second.bare)
    figures = f"{last.cpu_per_call:.2f} ms CPU a call, {_percent(cpu)}"
    for way, seconds in last.reads.items():
        now, then = statistics.median(seconds), statistics.median(second.reads[way])
        slower = now / then / max(1.0, bare)
        figures += f"; p50 {way} {1000 * now:.1f} ms, {_percent(now / then)}"
        if slower > SLOWER:
            wrong.append(f"a read over {way} took {_percent(slower)} time")
    figures += f"; emulator alone {_percent(bare)}"
    return _row("no slow-down", 1 + len(last.reads), wrong, figures)


def files(second: Quarter, last: Quarter, bound: float) -> Row:
    """A month is made to pass in the middle: what came after it fits into what was freed."""
    wrong = [
        f"{name} grew from {second.states[name]:,} to {size:,} bytes"
        for name, size in last.states.items()
        if size > bound * second.states[name]
    ]
    then, now = (max(each.states.values()) / 1e6 for each in (second, last))
    return _row("state files bounded", len(last.states), wrong, f"{then:.2f} MB, then {now:.2f} MB")


def idle(spent: Mapping[str, float], seconds: float, bound: float) -> Row:
    """CPU seconds of each process while nobody asked anything."""
    shares = {name: each / seconds for name, each in spent.items()}
    wrong = [
        f"{name} took {100 * each:.3f} % idle" for name, each in shares.items() if each > bound
    ]
    figures = f"at most {100 * max(shares.values()):.3f} % of a CPU in {seconds:.0f} s"
    return _row("idle is idle, by process", len(shares), wrong, figures)


def unasked(servers: int, strays: Sequence[str]) -> Row:
    """Answers that nobody waits for, and servers that ended by themselves or with a wrong code."""
    row = _row("what nobody asked for, by server", servers, strays, f"{len(strays)} in all")
    return row.model_copy(update={"wrong": row.wrong[:MOST_TOLD]})


def _row(what: str, tried: int, wrong: Sequence[str], figures: str) -> Row:
    survived = max(0, tried - len(wrong))
    return Row(
        part=PART, what=what, tried=tried, survived=survived, figures=figures, wrong=tuple(wrong)
    )


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"

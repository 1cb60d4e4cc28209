"""The processes that stand behind one, and the processor time they took."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PARENT, _USER, _SYSTEM = 1, 11, 12
"""Where they stand in /proc/PID/stat, behind the command's name."""
_DEEPEST = 8


@dataclass(frozen=True)
class Process:
    """Who started it, and the seconds of processor time it took so far."""

    parent: int
    seconds: float


def running() -> dict[int, Process]:
    """Every process, by its id."""
    if (_PROC / "self" / "stat").exists():
        numbers = (int(entry) for entry in os.listdir(_PROC) if entry.isdigit())
        return {pid: process for pid in numbers if (process := _of_proc(pid))}
    command = ["ps", "-A", "-o", "pid=,ppid=,time="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {
        int(pid): Process(int(parent), _seconds(time))
        for pid, parent, time in (line.split() for line in lines)
    }


def tree(root: int, processes: dict[int, Process]) -> list[int]:
    """This process and all that it and its children started."""
    found, newest = [root], {root}
    for _ in range(_DEEPEST):
        newest = {pid for pid, process in processes.items() if process.parent in newest}
        found += newest
    return found


def seconds(pids: Iterable[int], processes: dict[int, Process]) -> float:
    """The processor time of these."""
    return sum(processes[pid].seconds for pid in pids if pid in processes)


def _of_proc(pid: int) -> Process | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:  # it ended meanwhile
        return None
    # A command's name may have blanks and brackets in it.
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[_USER]) + int(fields[_SYSTEM])
    return Process(int(fields[_PARENT]), ticks / os.sysconf("SC_CLK_TCK"))


def _seconds(time: str) -> float:
    """Seconds from `[[days-]hours:]minutes:seconds`."""
    days, _, clock = time.rpartition("-")
    parts = (float(part) for part in reversed(clock.split(":")))
    return float(days or 0) * 86_400 + sum(part * 60**power for power, part in enumerate(parts))

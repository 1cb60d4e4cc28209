"""What a process takes while it runs, as Linux tells it in /proc."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM, _THREADS = 1, 11, 12, 17
"""Fields of /proc/PID/stat, counted from the one behind the name (proc_pid_stat(5))."""


class Reading(NamedTuple):
    """One process at one moment: bytes in memory, open descriptors, threads, CPU seconds so far."""

    resident: int
    descriptors: int
    threads: int
    cpu: float


def read(pid: int) -> Reading:
    """Raises OSError for a process that is gone."""
    place = Path(f"/proc/{pid}")
    stat = _stat(place)
    resident = int((place / "statm").read_text(encoding="ascii").split()[1]) * _PAGE
    ticks = int(stat[_USER]) + int(stat[_SYSTEM])
    descriptors = len(os.listdir(place / "fd"))
    return Reading(resident, descriptors, int(stat[_THREADS]), ticks / _TICKS)


def busy(pid: int) -> float:
    """CPU seconds of all its threads by the scheduler's own count, in nanoseconds, not in ticks."""
    found = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            found += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return found / 1e9


def children(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    return sorted(each for each, parent in _parents() if parent == pid)


def _parents() -> Iterator[tuple[int, int]]:
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                yield int(place.name), int(_stat(place)[_PARENT])


def _stat(place: Path) -> list[str]:
    return (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()

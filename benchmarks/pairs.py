"""Measurements taken in turns, so that a slow minute of the machine slows every side."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Found = TypeVar("Found")


def in_turns(
    sides: Sequence[Callable[[], Found]], *, runs: int, warm_ups: int
) -> list[list[Found]]:
    """What each side found in its runs, A B A B; the warm-ups before them count for nothing."""
    found: list[list[Found]] = [[] for _ in sides]
    for run in range(-warm_ups, runs):
        for measured, side in zip(found, sides, strict=True):
            result = side()
            if run >= 0:
                measured.append(result)
    return found

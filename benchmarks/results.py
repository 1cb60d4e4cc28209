"""What was found: rows of figures with their ratio and target, and a file of them."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, computed_field

REFERENCE = "reference server"
PACKAGES = (
    "sent-mcp",
    "mcp",
    "pydantic",
    "pydantic-core",
    "httpx",
    "anyio",
    "starlette",
    "uvicorn",
    "bpe-openai",
)
TAKEN_BY_UVICORN = ("uvloop", "httptools")
"""No package asks for these, but uvicorn is another server where they are installed."""
Unit = Literal["ms", "s", "calls/s", "MB", "tokens", "requests", "%"]


class Model(BaseModel):
    """Never changed once it is made."""

    model_config = ConfigDict(frozen=True)


class Figure(Model):
    """A median with its quartiles where several runs differ, or one exact or pooled value."""

    median: float
    quartiles: tuple[float, float] | None = None
    runs: int = 1

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The figure of these runs."""
        if len(values) == 1:
            return cls(median=_kept(values[0]))
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median=_kept(middle), quartiles=(_kept(low), _kept(high)), runs=len(values))


class Target(Model):
    """What ours should cost, of the reference's cost or by itself; `stretch` is the wish."""

    of: Literal["ratio", "ours"] = "ratio"
    limit: float
    stretch: float | None = None
    higher: bool = False

    def met_by(self, value: float) -> Literal["stretch", "yes", "no"]:
        """How far this value meets it."""
        if self.stretch is not None and self._reached(value, self.stretch):
            return "stretch"
        return "yes" if self._reached(value, self.limit) else "no"

    def _reached(self, value: float, limit: float) -> bool:
        return value >= limit if self.higher else value <= limit


class Row(Model):
    """One measurement: ours beside `against`, and what neither can beat.

    `note` says what is not alike on both sides.
    """

    benchmark: str
    measure: str
    unit: Unit
    ours: Figure
    against: str = REFERENCE
    other: Figure | None = None
    ratio: Figure | None = None
    floor: Figure | None = None
    target: Target | None = None
    headline: bool = True
    note: str | None = None

    @computed_field
    @property
    def met(self) -> Literal["stretch", "yes", "no"] | None:
        """Whether the target was met; None without one."""
        judged = self.ours if self.target and self.target.of == "ours" else self.ratio
        return self.target.met_by(judged.median) if self.target and judged else None


class Machine(Model):
    """Where it was measured, without whose machine it was."""

    system: str
    processors: int
    python: str
    packages: dict[str, str]

    @classmethod
    def this(cls) -> Self:
        """The one this runs on."""
        return cls(
            system=f"{platform.system()} {platform.machine()}",
            processors=os.cpu_count() or 1,
            python=f"{platform.python_implementation()} {platform.python_version()}",
            packages={name: version(name) for name in (*PACKAGES, *_installed(TAKEN_BY_UVICORN))},
        )


class Report(Model):
    """One run of the benchmarks; a quick one shows that they work, not what anything costs."""

    measured_on: date
    quick: bool
    machine: Machine
    rows: tuple[Row, ...]


def compared(
    benchmark: str,
    measure: str,
    unit: Unit,
    ours: Sequence[float],
    other: Sequence[float] = (),
    *,
    floor: Sequence[float] = (),
    target: Target | None = None,
) -> Row:
    """A row of runs made in pairs; the ratio is one of pairs, so that what slows both cancels."""
    ratios = [one / two for one, two in zip(ours, other, strict=True)] if other else []
    return Row(
        benchmark=benchmark,
        measure=measure,
        unit=unit,
        ours=Figure.of(ours),
        other=Figure.of(other) if other else None,
        ratio=Figure.of(ratios) if ratios else None,
        floor=Figure.of(floor) if floor else None,
        target=target,
    )


def _installed(names: Sequence[str]) -> list[str]:
    return [name for name in names if find_spec(name)]


def _kept(value: float) -> float:
    """Five significant digits: more is noise, and files are compared by people."""
    return float(f"{value:.5g}")

"""How often everything is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """So many numbers against an address book of so many contacts; `alone` without comparison."""

    numbers: int
    contacts: int
    alone: bool = False
    headline: bool = False


@dataclass(frozen=True)
class Sizes:
    """`batch` calls at a time are one run; memory is read after `calls`.

    Over HTTP so many clients at once call for so many seconds, in so many rounds.
    """

    warm_ups: int
    starts: int
    batches: int
    batch: int
    outstanding_batch: int
    processes: int
    calls: int
    http_clients: tuple[int, ...]
    http_warm_ups: int
    http_rounds: int
    http_seconds: float
    cases: tuple[Case, ...]


FULL = Sizes(
    warm_ups=2,
    starts=15,
    batches=10,
    batch=50,
    outstanding_batch=400,
    processes=3,
    calls=1_000,
    http_clients=(1, 16, 64, 256),
    http_warm_ups=1,
    http_rounds=5,
    http_seconds=1.5,
    cases=(
        Case(500, 500),
        Case(10_000, 500),
        Case(500, 20_000, headline=True),
        Case(10_000, 20_000),
        Case(500, 200_000),
        Case(10_000, 200_000, headline=True),
        Case(100_000, 200_000, alone=True, headline=True),
    ),
)
QUICK = Sizes(
    warm_ups=0,
    starts=2,
    batches=2,
    batch=3,
    outstanding_batch=32,
    processes=1,
    calls=20,
    http_clients=(4,),
    http_warm_ups=0,
    http_rounds=1,
    http_seconds=0.2,
    cases=(Case(100, 500), Case(1_100, 500)),
)

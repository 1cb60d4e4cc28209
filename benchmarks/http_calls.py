"""Calls over HTTP by many clients at once, beside the plain server on uvicorn, in both eras."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.emulated import KEY, emulated
from benchmarks.http_load import Found, Load
from benchmarks.http_questions import API, HANDSHAKE, MODERN, Asked
from benchmarks.http_servers import Served, ours, reference, served
from benchmarks.pairs import in_turns
from benchmarks.questions import questions
from benchmarks.results import Row, Target, Unit, compared
from benchmarks.servers import ROOT
from benchmarks.sizes import Sizes

_TARGET = Target(limit=2.0, stretch=4.0, higher=True)
_JUDGED = (16, 64)
"""The numbers of clients that the target is for."""
_WORKERS = (1, 2)
_LONGEST_SECONDS = 120
_STATELESS = "the reference without sessions"


@dataclass(frozen=True)
class Case:
    """So many clients of one era, and servers with so many workers."""

    clients: int
    workers: int
    era: str

    @property
    def measure(self) -> str:
        """What it is called."""
        clients = "client" if self.clients == 1 else "clients"
        workers = "worker" if self.workers == 1 else "workers"
        return f"{self.clients} {clients}, {self.workers} {workers}, {self.era}"

    @property
    def note(self) -> str | None:
        """What is not as in the other cases."""
        return _STATELESS if self.workers > 1 and self.era == HANDSHAKE else None


@dataclass(frozen=True)
class Round:
    """What one round found, and the megabytes the server held at its end."""

    found: Found
    megabytes: float

    @property
    def per_second(self) -> float:
        """Calls per second."""
        return len(self.found.milliseconds) / self.found.seconds


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every row of this benchmark; its floor is the API asked by the same clients."""
    with emulated(500) as api:
        (question, _), settings = questions(api), api.environment()
        port = urlsplit(api.url).port
        assert port is not None
        asked = Asked(port=port, era=API, contact=question.ids[0], key=KEY)
        for workers in _WORKERS:
            for era in (HANDSHAKE, MODERN):
                for clients in sizes.http_clients:
                    yield from _rows(sizes, Case(clients, workers, era), asked, settings)


def _rows(sizes: Sizes, case: Case, api: Asked, settings: Mapping[str, str]) -> Iterator[Row]:
    # Servers of its own for every case, so that none holds what an earlier one left.
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        state = {"SENT_MCP_STATE": str(Path(folder) / "state.sqlite")}
        sides: list[Callable[[], Round]] = []
        for command in (ours, reference):
            server = stack.enter_context(served(command, case.workers, {**settings, **state}))
            asked = Asked(server.port, case.era, api.contact, api.key)
            sides.append(partial(_round, server, asked, case.clients, sizes.http_seconds))
        # Nobody asks what memory the API holds.
        sides.append(lambda: Round(_found(Load(api, case.clients, sizes.http_seconds, 0)), 0))
        mine, other, floor = in_turns(sides, runs=sizes.http_rounds, warm_ups=sizes.http_warm_ups)
    for row in _compared(case, mine, other, floor):
        yield row.model_copy(update={"note": case.note})


def _round(server: Served, asked: Asked, clients: int, seconds: float) -> Round:
    return Round(_found(Load(asked, clients, seconds, server.pid)), server.memory())


def _found(load: Load) -> Found:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.http_load"],
        input=json.dumps(asdict(load)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{load.asked.era}, {load.clients} clients: {done.stderr}")
    return Found(**json.loads(done.stdout))


def _compared(
    case: Case, mine: Sequence[Round], other: Sequence[Round], floor: Sequence[Round]
) -> Iterator[Row]:
    def row(what: str, unit: Unit, of: Callable[[Round], float], *, api: bool = True) -> Row:
        ours, theirs, least = ([of(each) for each in side] for side in (mine, other, floor))
        measure = f"`get_contact`, {case.measure}" + (f", {what}" if what else "")
        least = least if api else []
        return compared("http", measure, unit, ours, theirs, floor=least).model_copy(
            update={"headline": False}
        )

    judged = {"headline": True, "target": _TARGET} if case.clients in _JUDGED else {}
    yield row("", "calls/s", lambda each: each.per_second).model_copy(update=judged)
    yield row("p50", "ms", lambda each: statistics.median(each.found.milliseconds))
    yield row("p99", "ms", lambda each: _p99(each.found.milliseconds))
    yield row("all processes", "MB", lambda each: each.megabytes, api=False)
    share = row("processor time of the clients", "%", _share_of_clients)
    yield share.model_copy(update={"ratio": None})


def _p99(milliseconds: Sequence[float]) -> float:
    return statistics.quantiles(milliseconds, n=100, method="inclusive")[98]


def _share_of_clients(each: Round) -> float:
    return 100 * each.found.client / each.found.all

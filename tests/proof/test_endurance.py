"""What the judges of a long run call wrong, and that they hear of what nobody asked for."""

import json
import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from tests.proof import endurance_judge as judge
from tests.proof.endurance_clients import Pipe
from tests.proof.endurance_judge import Quarter
from tests.proof.endurance_process import Reading
from tests.proof.endurance_site import HANDSHAKE, Site, opened
from tests.proof.hosts import Json
from tests.proof.report import Scale

QUICK, FULL = Scale(quick=True, seed=0), Scale(quick=False, seed=0)
BUSY = {"pipe": Reading(resident=100, descriptors=9, threads=4, cpu=0.0)}
ANSWERING = "import sys; [sys.stdin.readline() for _ in range(3)]; print(sys.argv[1], flush=True)"
"""A server that answers what it is told to, once it was called, told of a cancellation and called.
"""
CANCELLED, ASKED = 1, 3
"""The numbers of those calls."""


def quarter(cpu: float = 1.0, seconds: float = 0.01) -> Quarter:
    """One of four, in which a hundred calls took so much."""
    return Quarter(
        resident={"pipe": [100]},
        begin=BUSY,
        end={"pipe": BUSY["pipe"]._replace(cpu=cpu)},
        reads={"pipes": [seconds]},
        bare=[0.001],
        states={"state.sqlite": 100},
        calls=100,
    )


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (quarter(), ()),
        (quarter(cpu=500.0), ("a call took +49900.0 % CPU time",)),
        (quarter(seconds=0.02), ("a read over pipes took +100.0 % time",)),
    ],
    ids=["as before", "busy", "slow"],
)
def test_a_full_run_judges_how_fast_it_is(last: Quarter, told: tuple[str, ...]) -> None:
    """A quick one does not, and has no row that says so."""
    rows = {row.what: row for row in judge.judged(FULL, [quarter()] * 3 + [last], BUSY)}
    assert rows["no slow-down"].wrong == told
    assert rows["no slow-down"].passed == (not told)
    quick = {row.what for row in judge.judged(QUICK, [quarter()] * 3 + [last], BUSY)}
    assert quick == {*rows} - {"no slow-down"}


@pytest.mark.parametrize(
    "stray", ["a server ended with -11: b''", "an answer nobody waits for: {}"]
)
def test_what_nobody_asked_for_fails_the_run(stray: str) -> None:
    """Whichever way it came."""
    assert judge.unasked(7, []).passed
    row = judge.unasked(7, [stray] * 20)
    assert (row.passed, row.wrong[0], len(row.wrong)) == (False, stray, judge.MOST_TOLD)


async def _kill(site: Site, who: str) -> None:
    assert site.web is not None
    if who == "a pipe's server":
        os.kill(site.pipes[0].process.pid, signal.SIGKILL)
        await site.pipes[0].process.wait()
    elif who == "a worker":
        os.kill(site.workers[0], signal.SIGKILL)
        await site.web.ended()
    elif who == "a worker that was replaced":
        # To see one replaced takes five seconds: before that none is.
        site.workers = [site.workers[0], os.getpid()]
    elif who == "the parent":
        site.web.process.kill()
        await site.web.ended()


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("nobody", []),
        ("a pipe's server", ["a server ended by itself, with -9"]),
        ("a worker", ["the workers' parent ended with 137"]),
        ("a worker that was replaced", ["1 of 2 workers ended by themselves"]),
        ("the parent", ["the workers' parent ended with -9"]),
    ],
)
async def test_a_server_that_ends_by_itself_is_told(
    tmp_path: Path, who: str, told: list[str]
) -> None:
    """Once everything is closed."""
    async with opened(tmp_path, 1) as site:
        await _kill(site, who)
    assert site.strays == told


def _answer(number: object) -> Json:
    return {"id": number, "result": {"content": []}}


@pytest.mark.parametrize(
    ("answers", "stray"),
    [
        ((CANCELLED, ASKED), ()),
        ((ASKED,), ()),
        ((ASKED, CANCELLED), (CANCELLED,)),
        ((CANCELLED, CANCELLED, ASKED), (CANCELLED,)),
        ((ASKED, ASKED), (ASKED,)),
        (("1", None, ASKED), ("1", None)),
    ],
)
async def test_an_answer_that_nobody_waits_for_is_told(
    answers: tuple[object, ...], stray: tuple[object, ...]
) -> None:
    """One to a call that was cancelled, too, unless it can have crossed the cancellation."""
    said = "\n".join(json.dumps(_answer(number)) for number in answers)
    async with await anyio.open_process([sys.executable, "-c", ANSWERING, said]) as process:
        pipe = Pipe(process, HANDSHAKE, can_ask=False)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipe.read)
            await pipe.leave("get_contact", {})
            await pipe.call("get_contact", {})
    assert pipe.stray == [f"an answer nobody waits for: {_answer(number)}" for number in stray]

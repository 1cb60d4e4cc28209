"""Two hours' worth of calls, as fast as they go: nothing may grow, slow down or stay busy.

Half of the clients share servers over pipes, half are before two workers over HTTP; all reach one
emulator. The calls come in four quarters. Whatever a server fills once is full after the first, so
the last is compared with the second.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import anyio
import httpx

from tests.door import KEY
from tests.proof import endurance_judge as judge
from tests.proof.endurance_calls import SEEDED, step
from tests.proof.endurance_clients import Web, WrongError
from tests.proof.endurance_judge import Quarter
from tests.proof.endurance_lane import Lane
from tests.proof.endurance_process import Reading, busy, read
from tests.proof.endurance_site import Site, callers, opened
from tests.proof.report import Row, Scale

CLIENTS, QUARTERS = 32, 4
_KEPT_OPEN_SECONDS = 7.0
"""The emulator hangs up on whoever has not asked for five seconds."""


async def run(scale: Scale) -> Sequence[Row]:
    """3,000 or 100,000 calls by 32 clients."""
    with tempfile.TemporaryDirectory() as home:
        async with opened(Path(home), scale.of(4, 8)) as site:
            long_run = Run(site, scale, await lanes_of(site, scale.seed, CLIENTS))
            rows, servers = await _lasted(long_run, site, scale), len(site.processes)
        return [*rows, judge.unasked(servers, site.strays)]


async def _lasted(long_run: "Run", site: Site, scale: Scale) -> list[Row]:
    for number in range(QUARTERS):
        await long_run.quarter(number)
    if long_run.was_stopped:
        return long_run.answered()
    idle = await _idle(site, scale)
    rest = await long_run.rest()
    rows = judge.judged(scale, long_run.quarters, rest)
    return [*long_run.answered(), *rows, idle]


class Run:
    """All lanes, and what was seen of the servers meanwhile."""

    def __init__(self, site: Site, scale: Scale, lanes: list[Lane]) -> None:
        self.quarters: list[Quarter] = []
        self._site = site
        self._lanes = lanes
        self._each = scale.of(3_000, 100_000) // QUARTERS
        self._pause = 0.2 if scale.quick else 1.0
        self._wrong: list[str] = []
        self._failed = {"pipes": 0, "http": 0}
        self._before: dict[str, int] = {}

    async def quarter(self, number: int) -> None:
        """So many calls. Before the second of four all is quiet, so that it can be at the end."""
        now = Quarter(begin=await self.rest() if number == 1 else self._readings())
        began, before = time.monotonic(), self._calls
        self.quarters.append(now)
        async with anyio.create_task_group() as watching:
            watching.start_soon(self._watch, now)
            watching.start_soon(_probe, self._site.url, now)
            async with anyio.create_task_group() as tasks:
                for lane in self._lanes:
                    tasks.start_soon(self._go_on, lane, before + self._each)
            watching.cancel_scope.cancel()
        now.calls, now.seconds = self._calls - before, time.monotonic() - began
        now.end, now.states = self._readings(), self._site.kept_bytes()
        for lane in self._lanes:
            now.reads.setdefault(_way(lane), []).extend(lane.seconds)
            lane.seconds.clear()
        if number == 1:
            self._site.pass_a_month()
            for lane in self._lanes:
                lane.forget()

    async def rest(self) -> dict[str, Reading]:
        """Every process, once nobody is connected and what it kept open to Sent is closed."""
        for lane in self._lanes:
            if isinstance(lane.caller, Web):
                await lane.caller.hang_up()
        await anyio.sleep(_KEPT_OPEN_SECONDS)
        return self._readings()

    def answered(self) -> list[Row]:
        """A row for each way."""
        seconds = sum(each.seconds for each in self.quarters)
        rows: list[Row] = []
        for way, failed in self._failed.items():
            lanes = [lane for lane in self._lanes if _way(lane) == way]
            calls = sum(lane.calls for lane in lanes)
            what = f"calls over {way}, {len(lanes)} clients"
            figures = f"{calls / seconds:.0f}/s"
            wrong = tuple(said for said in self._wrong if said.startswith(way))
            rows.append(
                Row(
                    part=judge.PART,
                    what=what,
                    tried=calls,
                    survived=calls - failed,
                    figures=figures,
                    wrong=wrong[: judge.MOST_TOLD],
                )
            )
        return rows

    @property
    def was_stopped(self) -> bool:
        """Whether so much was wrong that the rest was left out."""
        return len(self._wrong) >= judge.MOST_TOLD

    @property
    def _calls(self) -> int:
        return sum(lane.calls for lane in self._lanes)

    async def _go_on(self, lane: Lane, until: int) -> None:
        while self._calls < until and not self.was_stopped:
            try:
                await step(lane)
            except WrongError as error:
                self._failed[_way(lane)] += 1
                self._wrong.append(f"{_way(lane)}, client {lane.number}: {error}")

    async def _watch(self, now: Quarter) -> None:
        pids = self._site.processes
        while True:
            for name, pid in pids.items():
                now.resident.setdefault(name, []).append(read(pid).resident)
            await anyio.sleep(self._pause)

    def _readings(self) -> dict[str, Reading]:
        return {name: read(pid) for name, pid in self._site.processes.items()}


async def lanes_of(site: Site, seed: int, count: int) -> list[Lane]:
    """So many clients, each with numbers of its own."""
    headers = {"x-api-key": KEY}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, trust_env=False) as http:
        query: dict[str, str | int] = {"search": SEEDED[0][:-2], "page_size": 100}
        found = (await http.get("/v3/contacts", params=query)).json()["data"]["contacts"]
    ids = {each["phone_number"]: each["id"] for each in found}
    return [
        Lane(place, caller, Random(f"{seed} {place}"), ids)
        for place, caller in enumerate(callers(site, count))
    ]


def _way(lane: Lane) -> str:
    return "http" if isinstance(lane.caller, Web) else "pipes"


async def _probe(url: str, now: Quarter) -> None:
    headers = {"x-api-key": KEY}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
        while True:
            began = time.perf_counter()
            assert (await http.get("/v3/me")).is_success
            now.bare.append(time.perf_counter() - began)
            await anyio.sleep(0.1)


async def _idle(site: Site, scale: Scale) -> Row:
    """Nobody calls, and nobody hangs up."""
    before = {name: busy(pid) for name, pid in site.processes.items()}
    began = time.monotonic()
    await anyio.sleep(scale.of(5, 60))
    lasted = time.monotonic() - began
    spent = {name: busy(pid) - before[name] for name, pid in site.processes.items()}
    return judge.idle(spent, lasted, judge.QUICK_IDLE if scale.quick else judge.IDLE)

"""Random calls of every tool while everything goes wrong, compared with a plain model.

Several hosts of both eras work at once, each with numbers of its own, before servers that reach an
emulator whose faults change while calls run. After every round the emulator's own records are
compared with the model, and what was left in doubt is looked at, repeated and compared again.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from tests.proof.faults_field import AREA, Field
from tests.proof.faults_host import connected
from tests.proof.faults_lane import Lane, Ledger, Tally
from tests.proof.faults_plan import PEOPLE, rounds
from tests.proof.faults_site import Site, emulated
from tests.proof.model import Person
from tests.proof.report import Row, Scale
from tests.serving.wire import MODERN

SERVERS = (("2025-06-18", True), ("2025-11-25", False), (MODERN, True))
"""The version each host speaks, and whether it can show forms."""
LANES = 4
"""Of each server."""
MOST_TOLD = 12


async def run(scale: Scale) -> Sequence[Row]:
    """At least 600 or 10,000 calls."""
    calls, began = scale.of(600, 10_000), time.monotonic()
    async with AsyncExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        site = await opened.enter_async_context(emulated(home))
        field = Field(site, await _lanes(opened, site, Ledger()), scale.seed)
        await field.settle_in()
        plan = rounds(scale.seed, len(field.lanes), calls)
        done = 0
        while field.ledger.calls < calls and len(field.ledger.wrong) < MOST_TOLD:
            await field.play(done, plan[done])
            done += 1
        field.leave()
    return [_row(field.ledger, done, time.monotonic() - began)]


def _row(ledger: Ledger, rounds: int, seconds: float) -> Row:
    figures = (
        f"{rounds} rounds, {ledger.calls / seconds:.0f} calls/s; {ledger.right} right,"
        f" {ledger.excused} clear errors, {ledger.unknown} unknown and settled;"
        f" slowest {ledger.slowest:.1f} s"
    )
    return Row(
        part="faults",
        what="random calls of all tools, every fault",
        tried=ledger.calls,
        survived=ledger.calls - len(ledger.wrong),
        lost=ledger.lost + ledger.gone,
        doubled=ledger.doubled,
        figures=figures,
        wrong=tuple(ledger.wrong),
    )


async def _lanes(opened: AsyncExitStack, site: Site, ledger: Ledger) -> list[Lane]:
    lanes: list[Lane] = []
    for place, (version, can_ask) in enumerate(SERVERS):
        state = f"state-{place}.sqlite"
        connecting = connected(site.home, version, site.environment(state), can_ask=can_ask)
        host = await opened.enter_async_context(connecting)
        tally = Tally(site.home / state)
        for number in range(LANES):
            block = f"{AREA}{place * LANES + number:02d}"
            people = [Person(f"{block}{each:04d}") for each in range(PEOPLE)]
            lanes.append(Lane(f"lane {block}", host, site, tally, people, ledger))
    return lanes

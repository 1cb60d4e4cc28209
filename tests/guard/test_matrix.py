"""Every kind of host × action × circumstance: what reached Sent, and what was said.

What counts is the emulator's own log of requests, not what the server says about itself.
"""

import sys
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.door import Door
from tests.guard.changes import OTHER
from tests.guard.hosts import ERAS, KINDS, Host, make_older
from tests.guard.matrix_actions import ACTIONS
from tests.guard.matrix_cells import CELLS, LEFT_OUT, Cell, found, ten_before
from tests.guard.matrix_circumstances import CIRCUMSTANCES, MODES, two_servers
from tests.guard.matrix_stages import Stage


def test_the_matrix_has_all_its_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """Each host does each action in each era, and what is left out is left out for a reason."""
    whole = len(ERAS) * len(KINDS) * len(ACTIONS) * len(CIRCUMSTANCES)
    assert len({cell.id for cell in CELLS} | LEFT_OUT.keys()) == whole
    played = {(cell.era, cell.kind.name, cell.action.name) for cell in CELLS}
    assert len(played) == len(ERAS) * len(KINDS) * len(ACTIONS)
    assert {cell.circumstance for cell in CELLS} == set(CIRCUMSTANCES)
    reasons = Counter(LEFT_OUT.values())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(CELLS)} cells of {whole}; left out:\n")
        sys.stdout.writelines(f"{count:5} {why}\n" for why, count in reasons.most_common())


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
async def test_nothing_reaches_sent_without_a_yes_to_exactly_that(
    app: Starlette, state: Path, cell: Cell
) -> None:
    """And with one exactly one request does; of an import one for each number."""
    host, mode = Host(cell.kind), MODES.get(cell.circumstance, "auto")
    async with AsyncExitStack() as opened:

        async def server() -> Door:
            connected = host.before(app, state, cell.era, confirm=mode)
            return await opened.enter_async_context(connected)

        door = await server()
        second = await server() if cell.circumstance is two_servers else door
        if cell.action.eleventh:
            await ten_before(door)
        grow_older = partial(make_older, state)
        ids = [await found(door, number) for number in (cell.action.number, OTHER)]
        await door.forget()
        await cell.play(Stage(door, second, host, cell.era, cell.action, grow_older, *ids))

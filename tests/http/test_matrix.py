"""The guard's matrix over HTTP: two replicas that share a Redis, and each request to the other.

`WHOLE_MATRIX=1` plays every cell.
"""

import os

import pytest
from starlette.applications import Starlette

from tests.guard.changes import OTHER
from tests.guard.hosts import Host
from tests.guard.matrix_cells import HTTP_CELLS, HTTP_SAMPLE, Cell, found, ten_before
from tests.guard.matrix_circumstances import MODES
from tests.guard.matrix_stages import Stage
from tests.http.replicas import before
from tests.state.redis import RedisProcess

_OLDER = """
for _, name in ipairs(redis.call('KEYS', '*:approval:*')) do
  for _, time in ipairs({'asked_at', 'expires_at'}) do
    redis.call('HINCRBYFLOAT', name, time, -ARGV[1])
  end
end
"""


CELLS = HTTP_CELLS if "WHOLE_MATRIX" in os.environ else HTTP_SAMPLE


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
async def test_replicas_ask_and_act_as_one(app: Starlette, redis: RedisProcess, cell: Cell) -> None:
    """Whichever of them was asked, whichever is answered: nothing without a yes, nothing twice."""
    host, mode = Host(cell.kind), MODES.get(cell.circumstance, "auto")

    def grow_older(seconds: float) -> None:
        redis.tell("EVAL", _OLDER, 0, f"{seconds:f}")

    async with before(host, app, redis.url, cell.era, confirm=mode) as (door, second):
        if cell.action.eleventh:
            await ten_before(door)
        ids = [await found(door, number) for number in (cell.action.number, OTHER)]
        await door.forget()
        await cell.play(Stage(door, second, host, cell.era, cell.action, grow_older, *ids))

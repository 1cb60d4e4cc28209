"""A server that nobody asks anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.http.sites import reaching, started

SECONDS = 3.0
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="counted in /proc")


def wakes(pid: int) -> int:
    """How often it went to sleep so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (found,) = [line for line in status.splitlines() if line.startswith("voluntary_ctxt_switches")]
    return int(found.split()[1])


@LINUX
async def test_an_idle_server_wakes_up_once_a_second(home: Path, url: str) -> None:
    """To know the date, and no oftener: it must not keep a machine busy that has other work."""
    with started(home, **reaching(url)) as site:
        assert (await site.get("/readyz")).status == 200
        before = wakes(site.process.pid)
        with pytest.raises(subprocess.TimeoutExpired):
            await site.ended(SECONDS)
        assert wakes(site.process.pid) - before <= 2 * SECONDS

"""Workers that die again and again, and a folder in which somebody has put modules."""

import os
import sys
from pathlib import Path
from signal import SIGTERM

import anyio
import pytest

from sent_mcp.serving.http import workers
from sent_mcp.serving.http.listening import listen
from sent_mcp.serving.http.workers import Workers
from tests.http.sites import reaching, started
from tests.http.test_workers import TWO, both, serves, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the processes are read in /proc")
SERVED = 0.6
"""Who lives longer has served, instead of 5 s."""
# The first serves, the second does for a while; of those in its place two end at once.
BEGINNING = """
for number in 1 2 3 4 5 6 7 8 9; do
  mkdir "$0/$number" 2>/dev/null && break
done
date +%s.%N > "$0/$number/at"
[ $number = 1 ] && exec sleep 60
[ $number = 2 ] && exec sleep 1
[ $number = 5 ] && exec sleep 60
exit 7
"""


def beginnings(folder: Path) -> list[float]:
    """When each of them has begun."""
    return sorted(float(path.read_text() or 0) for path in folder.glob("*/at"))


async def test_one_that_keeps_dying_is_begun_again_after_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The other one goes on: it has what it needs, and so may this one soon."""
    monkeypatch.setattr(workers, "AT_ONCE_SECONDS", SERVED)
    monkeypatch.setattr(workers, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(workers, "MOST_PAUSE_SECONDS", 0.8)
    lost: list[int] = []
    with listen("127.0.0.1", 0) as listening:
        command = ("sh", "-c", BEGINNING, str(tmp_path))
        made = Workers(command, listening, 2, {"PATH": "/usr/bin:/bin"}, lost.append)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(made.run)
            await until(lambda: len(at := beginnings(tmp_path)) == 5 and all(at), 20)
            at = beginnings(tmp_path)
            assert len(lost) == 3
            first, second, third = (at[n + 1] - at[n] for n in (1, 2, 3))
            assert first >= 1 + 0.2
            assert second >= 0.4
            assert third >= 0.8
            os.kill(os.getpid(), SIGTERM)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"a worker ended with code {code}; another one is started" for code in (0, 7, 7)
    ]


def test_the_limits_are_those_that_are_promised() -> None:
    """Here they are shorter."""
    assert (workers.AT_ONCE_SECONDS, workers.PAUSE_SECONDS) == (5, 1)
    assert workers.MOST_PAUSE_SECONDS == 30


async def test_nothing_is_imported_from_the_folder_it_is_started_in(home: Path, url: str) -> None:
    """Whoever may write there would act with the operator's key."""
    folder, proof = home / "downloads", home / "proof"
    folder.mkdir()
    for name in ("sniffio", "h11", "uvicorn", "sent_mcp", "json"):
        folder.joinpath(f"{name}.py").write_text(f"open({str(proof)!r}, 'a').write({name!r})\n")
    program = ("sh", "-c", 'cd "$0" && exec sent-mcp "$@"', str(folder))
    given = reaching(url, home / "state.sqlite")
    with started(home, *TWO, program=program, **given) as site:
        for pid in await both(site):
            await serves(site, pid)
        assert (await site.client().call("list_contacts"))["contacts"]
        site.signal(SIGTERM)
        assert await site.ended() == 143
    assert not proof.exists(), proof.read_text()

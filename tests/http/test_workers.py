"""Several processes on one socket: all serve, one that dies is replaced, and they end together."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import anyio
import pytest
from anyio.to_thread import run_sync

from sent_mcp.serving.http import workers
from sent_mcp.serving.http.listening import listen
from sent_mcp.serving.http.workers import Workers
from tests.cli.conftest import Shell
from tests.http.sites import Running, changes_of, reaching, started
from tests.http.wire import ERAS
from tests.serving.held import CHANGE, HELLO, Gate, behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the processes are read in /proc")
SOON = 5.0
TWO = ("--workers", "2")
TOKEN = "a-token-that-must-not-be-printed"


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until(condition: Callable[[], bool], within: float = SOON) -> None:
    """Wait for it."""

    def wait() -> None:
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.02)

    await run_sync(wait)


async def both(site: Running) -> list[int]:
    """The workers, once there are two and one of them answers."""
    await until(lambda: len(children(site.process.pid)) == 2)
    assert (await site.get("/readyz")).status == 200
    return children(site.process.pid)


async def serves(site: Running, pid: int) -> None:
    """Wait until this worker has an event loop."""
    await until(lambda: "anon_inode:[eventpoll]" in descriptors(pid), 10)
    assert (await site.get("/healthz")).status == 200


def descriptors(pid: int) -> list[str]:
    """What it has open."""
    try:
        return [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []


async def test_both_serve_and_one_signal_ends_all(home: Path, url: str) -> None:
    """A token that one has given out is good with the other: the state is one file."""
    with started(home, *TWO, **reaching(url, home / "state.sqlite")) as site:
        pids = await both(site)
        for pid in pids:
            await serves(site, pid)
        client = site.client()
        deleted = 0
        for contact in (await client.call("list_contacts", page_size=8))["contacts"]:
            asked = await client.call("delete_contact", contact_id=contact["id"])
            given = {"contact_id": contact["id"], "confirmation_token": asked["confirmation_token"]}
            deleted += (await client.call("delete_contact", **given))["status"] == "deleted"
        assert deleted == len(await changes_of(url)) == 8
        site.signal(SIGTERM)
        assert await site.ended(SOON) == 143
        assert not [pid for pid in pids if lives(pid)]
    assert site.stderr.count("\n") == 3, site.stderr


@pytest.mark.parametrize("loaded", [False, True])
async def test_ctrl_c_ends_all_in_silence(home: Path, url: str, loaded: bool) -> None:
    """Also before they have loaded."""
    with started(home, *TWO, **reaching(url, home / "state.sqlite")) as site:
        await until(lambda: len(children(site.process.pid)) == 2)
        pids = children(site.process.pid)
        if loaded:
            for pid in pids:
                await serves(site, pid)
        site.signal(SIGINT)
        assert await site.ended(SOON) == 130
        assert not [pid for pid in pids if lives(pid)]
    assert "Traceback" not in site.stderr
    assert "KeyboardInterrupt" not in site.stderr


async def test_one_that_was_killed_is_started_again(home: Path, url: str) -> None:
    """The other serves meanwhile."""
    with started(home, *TWO, **reaching(url, home / "state.sqlite")) as site:
        one, other = await both(site)
        await serves(site, other)
        # One that ends sooner counts as one that cannot start.
        await anyio.sleep(workers.AT_ONCE_SECONDS + 0.5)
        os.kill(one, SIGKILL)
        for era in ERAS:
            assert (await site.client(era).call("list_contacts"))["contacts"]
        await until(lambda: len(children(site.process.pid)) == 2)
        (new,) = set(children(site.process.pid)) - {other}
        assert new != one
        await serves(site, new)
        assert "a worker ended with code -9; another one is started" in site.stderr
        site.signal(SIGTERM)
        assert await site.ended(SOON) == 143
        assert not lives(new)


@pytest.mark.parametrize("loaded", [False, True])
async def test_none_outlives_the_first_process(home: Path, url: str, loaded: bool) -> None:
    """Killed at any time, it leaves nobody on the port."""
    with started(home, *TWO, **reaching(url, home / "state.sqlite")) as site:
        await until(lambda: len(children(site.process.pid)) == 2)
        pids = children(site.process.pid)
        if loaded:
            for pid in pids:
                await serves(site, pid)
        site.signal(SIGKILL)
        assert await site.ended() == -SIGKILL
        await until(lambda: not [pid for pid in pids if lives(pid)])
    with pytest.raises(OSError, match="connect"):
        await site.get("/healthz")


async def test_a_call_is_finished_by_a_worker_whose_parent_was_killed(home: Path) -> None:
    """What was approved is done, and answered."""
    gate = Gate("")
    async with behind(gate) as variables:
        given = {**variables, "SENT_MCP_STATE": str(home / "state.sqlite")}
        with started(home, *TWO, **given) as site:
            pids = await both(site)
            client = site.client()
            token = (await client.call("send_message", **HELLO))["confirmation_token"]
            gate.close(CHANGE)
            async with site.connected() as connection:
                approved = {**HELLO, "confirmation_token": token}
                await connection.say(client.call_bytes("send_message", **approved))
                await gate.arrived.wait()
                site.signal(SIGKILL)
                await anyio.sleep(1.5)
                gate.open.set()
                sent = (await connection.answer()).result["structuredContent"]
                assert sent["status"] == "accepted"
            await until(lambda: not [pid for pid in pids if lives(pid)])
            assert await changes_of(variables["SENT_BASE_URL"]) == [CHANGE]


def test_one_that_cannot_start_ends_all(home: Path) -> None:
    """With its code, and without a loop of beginnings."""
    flags = ("serve", "--transport", "http", "--port", "0", *TWO)
    began = time.monotonic()
    settings = {"SENT_API_KEY": TOKEN, "SENT_MCP_STATE": str(home / "state.sqlite")}
    ran = Shell(home).run(*flags, **settings, SENT_MCP_TEST="", TMPDIR=str(home / "none"))
    if ran.code != 2:
        pytest.fail(ran.err)
    assert time.monotonic() - began < SOON
    assert TOKEN not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("raise SystemExit(7)", 7),
        ("pass", 1),
        ("import os; os.kill(os.getpid(), 9)", 137),
    ],
)
async def test_whatever_ends_at_once_ends_all(command: str, code: int) -> None:
    """However it ends: a shell would say the same."""
    with listen("127.0.0.1", 0) as listening, anyio.fail_after(SOON):
        made = Workers((sys.executable, "-c", command), listening, 3, {}, lambda _: None)
        assert await made.run() == code


async def test_a_signal_while_one_is_being_started_reaches_it_too() -> None:
    """It comes in the very moment."""
    with listen("127.0.0.1", 0) as listening, anyio.fail_after(SOON):
        command = (sys.executable, "-c", "import time; time.sleep(60)")
        made = Workers(command, listening, 2, {}, lambda _: None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(made.run)
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            os.kill(os.getpid(), SIGTERM)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--demo", *TWO), "--workers: a demo has one process"),
        (("--state", "memory:", *TWO), "--workers: memory: is the state of one process"),
    ],
)
def test_what_each_would_have_alone_is_refused(
    home: Path, flags: tuple[str, ...], said: str
) -> None:
    """An approval of one would be nothing to the other."""
    ran = Shell(home).run("serve", "--transport", "http", *flags)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_an_address_that_is_in_use_is_refused(home: Path) -> None:
    """In a sentence, before any worker is started."""
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        for more in ((), TWO):
            flags = ("--transport", "http", "--port", port, "--state", str(home / "s"), *more)
            ran = Shell(home).run("serve", *flags, SENT_API_KEY=TOKEN)
            assert (ran.code, ran.out) == (2, "")
            assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in ran.err
            assert ran.err.count("\n") == 1


async def test_a_shell_ends_all_with_its_group(home: Path, url: str) -> None:
    """Ctrl-C in a terminal reaches the first process only; the others are told by it, once."""
    given = reaching(url, home / "state.sqlite")
    with started(home, *TWO, **given) as site:
        pids = await both(site)
        for pid in pids:
            await serves(site, pid)
        os.killpg(site.process.pid, SIGINT)
        assert await site.ended(SOON) == 130
        assert not [pid for pid in pids if lives(pid)]
    assert "Traceback" not in site.stderr

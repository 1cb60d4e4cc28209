"""A client that has gone without a word: its pipe is closed, or it was killed."""

import os
from pathlib import Path
from select import select

import anyio
import pytest
from anyio.to_thread import run_sync

from tests.serving.held import CHANGE, HELLO, Gate, behind
from tests.serving.raw import Server, call, find, line, messages, running
from tests.serving.wire import DEMO, SERVE

AT_ONCE = 5
_SOON = 20


def _stop_reading(server: Server) -> None:
    assert server.process.stdout is not None
    server.process.stdout.close()


def _errors(server: Server) -> bytes:
    assert server.process.stderr is not None
    return server.process.stderr.read()


def test_a_client_that_reads_no_more_ends_it_quietly(tmp_path: Path) -> None:
    """Also one that says nothing more."""
    with running(tmp_path) as server:
        server.open()
        _stop_reading(server)
        assert server.process.wait() == 0
        assert _errors(server) == b""


def test_a_client_that_never_reads_its_answers_ends_it_quietly(tmp_path: Path) -> None:
    """They fill the pipe, and then it breaks."""
    with running(tmp_path) as server:
        server.open()
        server.say(*(line("tools/list", number) for number in range(1, 50)))
        server.hear()
        _stop_reading(server)
        assert server.process.wait() == 0
        assert _errors(server) == b""


async def test_its_call_is_cancelled(tmp_path: Path) -> None:
    """And the request behind it."""
    gate = Gate()
    async with behind(gate) as variables:
        with running(tmp_path, SERVE, variables=variables) as server:
            await run_sync(server.open)
            server.say(call(1, "list_contacts"))
            await gate.arrived.wait()
            with anyio.fail_after(AT_ONCE):
                _stop_reading(server)
                await gate.left.wait()
                assert await run_sync(server.process.wait) == 0
            assert b"Traceback" not in _errors(server)


async def test_what_was_approved_is_finished(tmp_path: Path) -> None:
    """However long it takes, as after the end of input."""
    gate = Gate("")
    async with behind(gate) as variables:
        with running(tmp_path, SERVE, variables=variables) as server:
            await run_sync(server.open)
            server.say(call(1, "send_message", **HELLO))
            asked = (await run_sync(server.hear))["result"]["structuredContent"]
            gate.close(CHANGE)
            given = {**HELLO, "confirmation_token": asked["confirmation_token"]}
            server.say(call(2, "send_message", **given))
            await gate.arrived.wait()
            _stop_reading(server)
            gate.open.set()
            assert await run_sync(server.process.wait) == 0
            assert gate.done.is_set()
            assert b"Traceback" not in _errors(server)


def _rest(server: Server) -> bytes:
    """What is written up to the end, which must come soon."""
    assert server.process.stdout is not None
    fd, read = server.process.stdout.fileno(), b""
    while select([fd], [], [], _SOON)[0]:
        chunk = os.read(fd, 65536)
        if not chunk:
            return read
        read += chunk
    pytest.fail(f"no end after {read!r}")


STARTER = """
import subprocess, sys
server = subprocess.Popen([sys.executable, *sys.argv[1:]])
print("started", file=sys.stderr, flush=True)
server.wait()
"""


@pytest.mark.parametrize("answered", [True, False], ids=["idle", "in a call"])
def test_a_host_that_was_killed_ends_it_although_the_pipe_is_open(
    tmp_path: Path, answered: bool
) -> None:
    """Its calls are answered first, since somebody may read them."""
    with running(tmp_path, ("-c", STARTER, *DEMO)) as host:
        host.open()
        if answered:
            host.say(find(1))
            assert host.hear()["id"] == 1
        assert host.process.stderr is not None
        assert host.process.stderr.readline() == b"started\n"
        host.process.kill()
        host.process.wait()
        host.say(find(2))
        # The end of its output is the end of the server, which alone holds it now.
        assert [each["id"] for each in messages(_rest(host))] == [2]
        assert _errors(host) == b""

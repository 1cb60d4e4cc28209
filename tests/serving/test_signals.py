"""A server that is told to go stops what nobody waits for and finishes what was approved."""

import signal
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM

import anyio
import pytest

from tests.serving.held import LEGACY, Gate, approved, before, waiting
from tests.serving.raw import PIPE, WHOLE, environment, handshake, line, messages, running
from tests.serving.wire import DEMO, MODERN, started

both = pytest.mark.parametrize("number", [SIGINT, SIGTERM], ids=["SIGINT", "SIGTERM"])
both_eras = pytest.mark.parametrize("version", [LEGACY, MODERN])
ODD = ("-m", "tests.serving.odd_server")
AT_ONCE = 5


@both
def test_it_leaves_with_the_code_shells_give_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Quietly, and although its stdin is open."""
    with running(tmp_path) as server:
        server.open()
        server.signal(number)
        assert server.process.wait() == 128 + number
        assert server.end() == (128 + number, [], "")


@both
@both_eras
async def test_calls_in_flight_are_cancelled(
    tmp_path: Path, version: str, number: signal.Signals
) -> None:
    """And their requests with them."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(version)
        call = await wire.start("list_contacts")
        await gate.arrived.wait()
        with anyio.fail_after(AT_ONCE):
            wire.signal(number)
            assert (await wire.answer(call))["error"]["code"] == -32000
            await gate.left.wait()
            assert await wire.ended() == 128 + number


@both
async def test_what_the_server_opened_is_closed(tmp_path: Path, number: signal.Signals) -> None:
    """Also what takes a moment."""
    async with started(tmp_path, ODD) as wire:
        await wire.open(LEGACY)
        await wire.start("wait for ever")
        await wire.ask("ping")
        wire.signal(number)
        assert await wire.ended() == 128 + number
    assert wire.stderr == "cleaned up\n"


@both
async def test_an_approved_change_is_finished_first(tmp_path: Path, number: signal.Signals) -> None:
    """Nobody could say otherwise whether it was made."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(LEGACY)
        call = await approved(gate, wire)
        other = await waiting(gate, wire)
        wire.signal(number)
        assert (await wire.answer(other))["error"]["code"] == -32000
        gate.open.set()
        done = (await wire.answer(call))["result"]["structuredContent"]
        assert done["status"] == "accepted"
        assert await wire.ended() == 128 + number


@both
async def test_an_approved_change_that_takes_too_long_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Whoever sent the signal would kill the process soon."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(LEGACY)
        await approved(gate, wire)
        with anyio.fail_after(AT_ONCE):
            wire.signal(number)
            assert await wire.ended() == 128 + number
        assert not gate.done.is_set()


async def test_a_second_signal_ends_it_whatever_is_not_finished(tmp_path: Path) -> None:
    """The code tells which one it was."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(LEGACY)
        await approved(gate, wire)
        other = await waiting(gate, wire)
        wire.signal(SIGTERM)
        assert (await wire.answer(other))["error"]["code"] == -32000
        wire.signal(SIGINT)
        assert await wire.ended() == 128 + SIGINT
        assert not gate.done.is_set()


def test_an_interrupt_that_was_ignored_at_the_start_stays_ignored(tmp_path: Path) -> None:
    """A shell starts what runs in the background so."""
    script = "trap '' INT; exec \"$@\""
    command = ["sh", "-c", script, "sh", sys.executable, *DEMO]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, env=environment(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(handshake() + WHOLE)
        process.stdin.flush()
        assert [process.stdout.readline()[:1] for _ in range(2)] == [b"{", b"{"]
        process.send_signal(SIGINT)
        out, _ = process.communicate(line("ping", 1))
    assert process.returncode == 0
    assert [each["id"] for each in messages(out)] == [1]

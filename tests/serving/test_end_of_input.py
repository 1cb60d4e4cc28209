"""A client that says no more still gets every answer it asked for, and then the server ends."""

from pathlib import Path

import anyio
import pytest

from tests.serving.held import HELLO, LEGACY, Gate, approved, before
from tests.serving.raw import find, handshake, line, messages, running, told
from tests.serving.wire import MODERN, Message, started

both_eras = pytest.mark.parametrize("version", [LEGACY, MODERN])
FORMS: Message = {"elicitation": {"form": {}}}
AT_ONCE = 5
"""Less than the time calls get after the end of input, and more than anything else takes."""


@pytest.mark.parametrize("run", range(5))
def test_what_is_piped_in_is_answered_before_it_ends(tmp_path: Path, run: int) -> None:
    """Every time: `printf ... | sent-mcp serve`."""
    given = handshake() + line("tools/list", 1) + find(2)
    found = told(tmp_path, given)
    assert [each["id"] for each in found] == [0, 1, 2]
    assert found[2]["result"]["structuredContent"]["whatsapp"] == "yes"


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    """It is a line all the same, also when it is a bad one."""
    assert told(tmp_path, (handshake() + find(1)).rstrip())[-1]["id"] == 1
    assert told(tmp_path, b"no json")[-1]["error"]["code"] == -32700


@both_eras
async def test_calls_in_flight_are_answered_after_the_end(tmp_path: Path, version: str) -> None:
    """They go on although nobody says anything any more."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(version)
        numbers = [await wire.start("list_contacts") for _ in range(3)]
        await gate.arrived.wait()
        await wire.close_input()
        gate.open.set()
        answers = [await wire.any_answer() for _ in numbers]
        assert {each["id"] for each in answers} == set(numbers)
        assert all(each["result"]["structuredContent"]["contacts"] for each in answers)
        assert await wire.end() == 0


@both_eras
async def test_two_calls_of_one_id_are_both_answered(tmp_path: Path, version: str) -> None:
    """A mistake of the client's, which must not make the server end too soon."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(version)
        number = await wire.start("list_contacts")
        await wire.start("list_contacts", number=number)
        await gate.arrived.wait()
        await wire.close_input()
        gate.open.set()
        for _ in range(2):
            assert "result" in await wire.answer(number)
        assert await wire.end() == 0


@both_eras
async def test_a_cancelled_call_is_not_waited_for(tmp_path: Path, version: str) -> None:
    """It is never answered (MCP, cancellation)."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(version)
        number = await wire.start("list_contacts")
        await gate.arrived.wait()
        await wire.tell("notifications/cancelled", {"requestId": number})
        with anyio.fail_after(AT_ONCE):
            await wire.close_input()
            await gate.left.wait()
            assert await wire.end() == 0


async def test_a_call_that_asks_is_answered_although_nobody_can_answer_it(tmp_path: Path) -> None:
    """The form is given up at once, and the token is the way out."""
    async with started(tmp_path) as wire:
        await wire.open(LEGACY, **FORMS)
        number = await wire.start("send_message", **HELLO)
        assert (await wire.question())["method"] == "elicitation/create"
        with anyio.fail_after(AT_ONCE):
            await wire.close_input()
            found = (await wire.answer(number))["result"]["structuredContent"]
            assert found["status"] == "confirmation_required"
            assert found["confirmation_token"]
            assert await wire.end() == 0


async def test_a_call_that_asks_only_after_the_end_is_answered_too(tmp_path: Path) -> None:
    """Its form is shown to nobody."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(LEGACY, **FORMS)
        found = await wire.start("delete_contact", contact_id=_CONTACT)
        await gate.arrived.wait()
        await wire.close_input()
        with anyio.fail_after(AT_ONCE):
            gate.open.set()
            assert (await wire.question())["method"] == "elicitation/create"
            told = (await wire.answer(found))["result"]["structuredContent"]
            assert told["status"] == "confirmation_required"
            assert await wire.end() == 0


_CONTACT = "3a0521e3-10ed-5b2f-8787-207d97092299"


async def test_an_approved_change_is_finished_after_the_end(tmp_path: Path) -> None:
    """Its answer is written although its client may have left."""
    gate = Gate()
    async with before(gate, tmp_path) as wire:
        await wire.open(LEGACY)
        number = await approved(gate, wire)
        await wire.close_input()
        gate.open.set()
        done = (await wire.answer(number))["result"]["structuredContent"]
        assert done["status"] == "accepted"
        assert await wire.end() == 0


async def test_a_call_that_never_ends_does_not_keep_it_for_ever(tmp_path: Path) -> None:
    """Whoever still reads is told that there will be no answer."""
    arguments = ("-m", "tests.serving.odd_server", "--drain", "0.1")
    async with started(tmp_path, arguments) as wire:
        await wire.open(LEGACY)
        number = await wire.start("wait for ever")
        await wire.close_input()
        assert (await wire.answer(number))["error"]["code"] == -32000
        assert await wire.end() == 0
    assert wire.stderr == "cleaned up\n"


def test_input_may_be_a_file(tmp_path: Path) -> None:
    """`sent-mcp serve < file`."""
    path = tmp_path / "input"
    path.write_bytes(handshake() + line("tools/list", 1) * 100 + find(2))
    with path.open("rb") as given, running(tmp_path, stdin=given) as server:
        code, found, err = server.end()
    assert (code, err) == (0, "")
    assert [each["id"] for each in found].count(1) == 100
    assert {each["id"] for each in found} == {0, 1, 2}


def test_input_may_be_nothing(tmp_path: Path) -> None:
    """`sent-mcp serve < /dev/null`, as under many supervisors."""
    with Path("/dev/null").open("rb") as given, running(tmp_path, stdin=given) as server:
        assert server.end() == (0, [], "")


def test_output_may_be_a_file(tmp_path: Path) -> None:
    """`sent-mcp serve > file`."""
    path = tmp_path / "output"
    with path.open("wb") as kept, running(tmp_path, stdout=kept) as server:
        server.say(handshake(), line("tools/list", 1), find(2))
        assert server.end() == (0, [], "")
    assert [each["id"] for each in messages(path.read_bytes())] == [0, 1, 2]

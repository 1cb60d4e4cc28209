"""Work of many requests leaves a quarter of the budget to the calls of one."""

from pathlib import Path

import anyio
import pytest

from sent_mcp.client.budgets import Budget
from sent_mcp.emulator import create_app
from sent_mcp.errors import RefusedError
from sent_mcp.moving_windows import MemoryWindows, MovingWindowError, Room
from tests.client.wire import CONTACT, Wire, failed, ok, page
from tests.door import Door, opened

STRANGERS = [f"+44791112{n:04}" for n in range(1_000)]
PATIENCE = 5.0
"""Seconds within which an answer came without waiting for a budget, however busy the machine."""


def none_left() -> float:
    """A caller without any time to wait."""
    return 0.0


@pytest.mark.parametrize(("per_minute", "share"), [(200, 150), (10, 7), (4, 3), (3, 2), (2, 1)])
async def test_bulk_work_takes_three_quarters_and_the_rest_is_for_others(
    per_minute: int, share: int
) -> None:
    """Rounded in favour of the others."""
    budget = Budget("requests", per_minute)
    assert budget.most(0.75) == share
    for _ in range(share):
        await budget.spend("a", 1, none_left, share=0.75)
    with pytest.raises(RefusedError):
        await budget.spend("a", 1, none_left, share=0.75)
    for _ in range(per_minute - share):
        await budget.spend("a", 1, none_left)
    with pytest.raises(RefusedError):
        await budget.spend("a", 1, none_left)


async def test_what_others_took_is_not_there_for_bulk_work() -> None:
    """The whole is the whole."""
    budget = Budget("requests", 8)
    for _ in range(6):
        await budget.spend("a", 1, none_left)
    assert await budget.room("a", 0.75) == 2
    await budget.spend("a", 1, none_left, share=0.75)
    assert (await budget.room("a", 0.75), await budget.room("a")) == (1, 1)
    assert await budget.room("b", 0.75) == 6


async def test_windows_that_are_down_leave_room_for_all() -> None:
    """Sent's own limit still holds."""

    class Broken(MemoryWindows):
        async def room(self, name: str, most: int) -> Room:
            raise MovingWindowError("connection refused")

    assert await Budget("requests", 8, windows=Broken()).room("a", 0.75) == 8


async def test_bulk_clients_count_their_own_requests_and_share_one_share() -> None:
    """Retries included."""
    wire = Wire(failed(500, "INTERNAL_001"), ok(page(CONTACT)), ok(page(CONTACT)))
    client = wire.client(requests_per_minute=5)
    one, other = client.bulk(), client.bulk()
    assert (one.per_minute, await one.room()) == (3, 3)
    await one.contacts.list()
    assert (one.requests, other.requests, await other.room()) == (2, 0, 1)
    await client.contacts.list()
    assert (one.requests, await other.room()) == (2, 1)
    await client.aclose()


async def test_a_share_of_all_is_the_whole_budget() -> None:
    """For a command that is alone with its account."""
    wire = Wire(*[ok(page(CONTACT)) for _ in range(4)])
    client = wire.client(requests_per_minute=4)
    bulk = client.bulk(share=1.0)
    assert bulk.per_minute == 4
    for _ in range(4):
        await bulk.contacts.list()
    assert await bulk.room() == 0
    await client.aclose()


async def test_a_bulk_request_that_finds_no_room_is_not_counted() -> None:
    """It was never made."""
    wire = Wire(ok(page(CONTACT)))
    client = wire.client(requests_per_minute=2)
    bulk = client.bulk()
    await bulk.contacts.list()
    with pytest.raises(RefusedError, match="budget of 1 requests per minute for lists is used up"):
        await bulk.contacts.list()
    assert (bulk.requests, len(wire.requests)) == (1, 1)
    await client.aclose()


async def quickly_found(door: Door) -> None:
    """A call of one request is answered without waiting."""
    with anyio.fail_after(PATIENCE):
        found = await door.done("find_contact_by_phone", phone_number="+14155550102")
    assert found["whatsapp"] == "yes"


async def test_a_single_call_during_and_after_a_large_check_does_not_wait(state: Path) -> None:
    """Which has used up its own share, and says so."""
    app = create_app(contacts=3_000)
    async with opened(app, state, requests_per_minute=20) as door:
        checks = [STRANGERS[:100], STRANGERS[100:200]]
        async with anyio.create_task_group() as tasks:

            async def check(numbers: list[str]) -> None:
                reply = await door.call("check_phone_numbers", phone_numbers=numbers)
                assert "BUDGET_EXHAUSTED" in reply.text

            for numbers in checks:
                tasks.start_soon(check, numbers)
            await quickly_found(door)
        assert len(await door.log()) <= 15 + 1
        for _ in range(4):
            await quickly_found(door)
        text = await door.refused("check_phone_numbers", phone_numbers=STRANGERS[:1])
        assert text.startswith("BUDGET_EXHAUSTED: ")


async def test_a_check_above_the_budget_decides_what_it_can_in_the_order_given(
    state: Path,
) -> None:
    """Single look-ups; the rest is named for the next call."""
    app = create_app(contacts=3_000)
    asked = [f"+141555501{n:02}" for n in range(2)] + STRANGERS[:98]
    async with opened(app, state, requests_per_minute=20) as door:
        reply = await door.call("check_phone_numbers", phone_numbers=asked)
        log = [each["query"] for each in await door.log()]
    result = reply.data
    assert result["requests_used"] == len(log) == 15
    assert [query for query in log if "page_size" in query] == log[:1]
    assert result["complete"] is False
    assert result["not_checked"] == asked[-len(result["not_checked"]) :]
    assert 100 - len(result["not_checked"]) in (14, 15, 16)
    assert (
        "Not complete: BUDGET_EXHAUSTED, this server's budget of 15 requests per minute for lists"
        in result["message"]
    )
    assert result["next"] == "check_phone_numbers with not_checked"
    assert f"Not checked ({len(result['not_checked'])}): " in reply.text

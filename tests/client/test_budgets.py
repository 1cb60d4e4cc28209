"""The client's own limits."""

import pytest

from sent_mcp.client.budgets import Budget
from sent_mcp.errors import OutcomeUnknownError, RefusedError
from sent_mcp.moving_windows import WINDOW_SECONDS, MemoryWindows, MovingWindowError
from tests.client.wire import CONTACT, Wire, failed, ok

ID = str(CONTACT["id"])


async def test_a_call_without_budget_is_refused_with_the_time_to_wait() -> None:
    """Before anything is sent."""
    wire = Wire(ok(CONTACT))
    client = wire.client(requests_per_minute=1)
    await client.contacts.get(ID)
    with pytest.raises(RefusedError, match=r"there is room again in about (60|61) s") as caught:
        await client.contacts.get(ID)
    await client.aclose()
    assert (caught.value.code, caught.value.retryable) == ("BUDGET_EXHAUSTED", True)
    assert wire.waits == []


async def test_a_wait_that_fits_is_waited() -> None:
    """And then the budget is tried again."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    budget = Budget("requests", 2, windows=MemoryWindows(clock=lambda: sum(waits)), sleep=sleep)
    for _ in range(3):
        await budget.spend("account", 1, lambda: WINDOW_SECONDS + 1)
    assert waits == [WINDOW_SECONDS]


async def test_budgets_on_the_same_windows_are_one_budget() -> None:
    """Per account and per unit."""
    windows = MemoryWindows()
    await Budget("requests", 1, windows=windows).spend("a", 1, lambda: 0.0)
    await Budget("requests", 1, windows=windows).spend("b", 1, lambda: 0.0)
    await Budget("messages", 1, windows=windows).spend("a", 1, lambda: 0.0)
    with pytest.raises(RefusedError):
        await Budget("requests", 1, windows=windows).spend("a", 1, lambda: 0.0)


async def test_every_attempt_costs_a_request() -> None:
    """Sent counts them all."""
    wire = Wire(failed(500, "INTERNAL_001"), failed(500, "INTERNAL_001"))
    client = wire.client(requests_per_minute=2)
    with pytest.raises(RefusedError):
        await client.contacts.get(ID)
    await client.aclose()


async def test_a_budget_that_ends_after_a_lost_answer_leaves_the_change_open() -> None:
    """The refusal is ours and says nothing about the first attempt."""
    wire = Wire(failed(500, "INTERNAL_001"))
    client = wire.client(requests_per_minute=1)
    with pytest.raises(OutcomeUnknownError, match="BUDGET_EXHAUSTED"):
        await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="k")
    await client.aclose()


class BrokenWindows(MemoryWindows):
    """Windows that are kept on a server which is down."""

    async def hit(self, name: str, most: int, cost: int) -> bool:
        raise MovingWindowError("connection refused")


async def test_windows_that_are_down_stop_nobody() -> None:
    """Sent's own limit still holds."""
    budget = Budget("requests", 1, windows=BrokenWindows())
    for _ in range(3):
        await budget.spend("a", 1, lambda: 0.0)


async def test_room_is_waited_for_as_long_as_there_is_time() -> None:
    """Where there is room, nobody waits; a share is waited for as it is."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    budget = Budget("requests", 4, sleep=sleep)
    await budget.wait("a", 30.0, share=0.75)
    for _ in range(3):
        await budget.spend("a", 1, lambda: 0.0, share=0.75)
    await budget.wait("a", 30.0)
    assert waits == []
    await budget.wait("a", 30.0, share=0.75)
    assert waits == [30.0]
    await budget.wait("a", 90.0, share=0.75)
    assert 55 < waits[1] <= WINDOW_SECONDS

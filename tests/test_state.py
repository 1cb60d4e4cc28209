"""The state store: approvals taken once, sends counted, and a file nobody else can use."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from sent_mcp.state import KEPT_SECONDS, MOST_PENDING, Pending, SqliteState, Used


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "below" / "state.sqlite"


@pytest.fixture
async def state(file: Path, clock: Clock) -> AsyncGenerator[SqliteState]:
    state = SqliteState(file, clock=clock)
    yield state
    await state.aclose()


def pending(name: str, clock: Clock, *, caller: str = "me", seconds: float = 300) -> Pending:
    """An approval that waits."""
    return Pending(name, caller, "binding", f"key of {name}", clock() + seconds)


async def test_the_secret_is_made_once_for_everybody(state: SqliteState, file: Path) -> None:
    """Also for those who come later, and at the same time."""
    found: list[bytes] = []

    async def ask() -> None:
        other = SqliteState(file)
        found.append(await other.secret())
        await other.aclose()

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert set(found) == {await state.secret()}
    assert len(found[0]) == 32


async def test_an_approval_is_taken_once(state: SqliteState, clock: Clock) -> None:
    """Whoever comes later is told that, and what came of it."""
    await state.hold(pending("a", clock))
    assert await state.used("a") is None
    assert await state.take("a", "binding") == pending("a", clock)
    assert await state.take("a", "binding") == Used(None, clock())
    await state.finish("a", "deleted")
    assert await state.take("a", "binding") == Used("deleted", clock())
    assert await state.used("a") == Used("deleted", clock())
    assert await state.take("unknown", "binding") is None


@pytest.mark.parametrize(("binding", "late"), [("other", 0.0), ("binding", 301.0)])
async def test_an_approval_that_does_not_fit_is_dropped_and_not_used(
    state: SqliteState, clock: Clock, binding: str, late: float
) -> None:
    """It is too old, or for something else; nothing was done with it."""
    asked = pending("a", clock)
    await state.hold(asked)
    clock.time += late
    assert await state.take("a", binding) == asked
    assert await state.used("a") is None
    assert await state.take("a", "binding") is None


async def test_the_oldest_approvals_above_fifty_of_one_caller_are_dropped(
    state: SqliteState, clock: Clock
) -> None:
    """Another caller's stay."""
    await state.hold(pending("theirs", clock, caller="them", seconds=1))
    for index in range(MOST_PENDING + 2):
        await state.hold(pending(f"mine{index}", clock))
    assert await state.take("mine0", "binding") is None
    assert await state.take("mine1", "binding") is None
    assert isinstance(await state.take("mine2", "binding"), Pending)
    assert isinstance(await state.take("theirs", "binding"), Pending)


async def test_what_is_a_day_old_is_forgotten(state: SqliteState, clock: Clock) -> None:
    """Approvals, those that were used, and sends."""
    await state.hold(pending("a", clock))
    await state.take("a", "binding")
    await state.hold(pending("b", clock))
    rows = await state.reserve("account", 1, 1)
    assert rows is not None
    await state.note(rows, [("recipient", "message")])
    assert await state.last_sent("account", "recipient") == "message"
    clock.time += KEPT_SECONDS + 301
    await state.hold(pending("c", clock))
    assert await state.used("a") is None
    assert await state.take("b", "binding") is None
    assert await state.last_sent("account", "recipient") is None
    assert await state.reserve("account", 1, 1) is not None


async def test_messages_are_counted_per_account(state: SqliteState) -> None:
    """Above the limit nothing is counted; what is given back may be used again."""
    two = await state.reserve("mine", 2, 3)
    assert two is not None
    assert len(two) == 2
    assert await state.reserve("mine", 2, 3) is None
    assert await state.reserve("theirs", 3, 3) is not None
    await state.release(two)
    assert await state.reserve("mine", 3, 3) is not None


async def test_the_last_message_to_somebody_is_the_newest(state: SqliteState, clock: Clock) -> None:
    """Of this account."""
    for message in ("first", "second"):
        rows = await state.reserve("mine", 1, 9)
        assert rows is not None
        await state.note(rows, [("recipient", message)])
    assert await state.last_sent("mine", "recipient") == "second"
    assert await state.last_sent("theirs", "recipient") is None
    assert await state.last_sent("mine", "nobody") is None


async def test_many_at_once_take_one_approval_once(
    state: SqliteState, file: Path, clock: Clock
) -> None:
    """From several connections."""
    others = [SqliteState(file, clock=clock) for _ in range(4)]
    for turn in range(10):
        await state.hold(pending(str(turn), clock))
        found: list[object] = []

        async def take(other: SqliteState, name: str, found: list[object]) -> None:
            found.append(await other.take(name, "binding"))

        async with anyio.create_task_group() as tasks:
            for other in (*others, *others):
                tasks.start_soon(take, other, str(turn), found)
        assert len([one for one in found if isinstance(one, Pending)]) == 1
    for other in others:
        await other.aclose()

"""The state store: approvals taken once, and what counts against a caller."""

from collections.abc import Sequence

import anyio
import pytest

from sent_mcp.state import MOST_PENDING, PURGED_SECONDS, Pending, Used
from tests.state.places import Clock, Place, Store


def pending(name: str, clock: Clock, *, caller: str = "me", seconds: float = 300) -> Pending:
    """An approval that waits."""
    return Pending(name, caller, "binding", f"key of {name}", clock(), clock() + seconds)


async def test_the_secret_is_made_once_for_everybody(state: Store, place: Place) -> None:
    """Also for those who come later, and at the same time."""
    found: list[bytes] = []

    async def ask() -> None:
        found.append(await place.open().secret())

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert set(found) == {await state.secret()}
    assert len(found[0]) == 32


async def test_an_approval_is_taken_once(state: Store, clock: Clock) -> None:
    """Whoever comes later is told that, and what came of it."""
    asked = pending("a", clock)
    await state.hold(asked)
    assert await state.used("a") is None
    clock.time += 20
    assert await state.take("a", "binding") == asked
    assert await state.take("a", "binding") == Used(None, clock())
    await state.finish("a", "accepted", ["one", "two"])
    done = Used("accepted", clock(), ("one", "two"))
    clock.time += 20
    assert await state.take("a", "binding") == done
    assert await state.used("a") == done
    assert await state.take("unknown", "binding") is None


@pytest.mark.parametrize(("binding", "late"), [("other", 0.0), ("binding", 301.0)])
async def test_an_approval_that_does_not_fit_is_dropped_and_not_used(
    state: Store, clock: Clock, binding: str, late: float
) -> None:
    """It is too old, or for something else; nothing was done with it."""
    asked = pending("a", clock)
    await state.hold(asked)
    clock.time += late
    assert await state.take("a", binding) == (None if late else asked)
    assert await state.used("a") is None
    assert await state.take("a", "binding") is None


async def test_an_approval_asked_in_the_future_is_dropped_and_not_used(
    state: Store, clock: Clock
) -> None:
    """A clock that has gone back would make an old approval young again."""
    await state.hold(pending("a", clock))
    clock.time -= 60
    assert await state.take("a", "binding") is None
    assert await state.used("a") is None
    assert await state.take("a", "binding") is None


async def test_clocks_of_two_processes_may_differ_a_little(state: Store, clock: Clock) -> None:
    """By less than anybody needs to answer."""
    await state.hold(pending("a", clock))
    clock.time -= 0.5
    await state.take("a", "binding")
    assert await state.used("a") == Used(None, clock())


async def test_an_approval_that_was_refused_is_gone(state: Store, clock: Clock) -> None:
    """It was not used either; once is enough."""
    asked = pending("a", clock)
    await state.hold(asked)
    assert await state.drop("a") == asked
    assert await state.drop("a") is None
    assert await state.take("a", "binding") is None


async def test_what_is_the_same_is_dropped_together(state: Store, clock: Clock) -> None:
    """Of one caller; what is for something else, or somebody else's, stays."""
    await state.hold(pending("a", clock))
    await state.hold(pending("b", clock))
    await state.hold(pending("theirs", clock, caller="them"))
    other = Pending("other", "me", "other", "key", clock(), clock() + 300)
    await state.hold(other)
    await state.drop_alike("me", "binding")
    assert await state.take("a", "binding") is None
    assert await state.take("b", "binding") is None
    assert await state.take("other", "other") == other
    assert isinstance(await state.take("theirs", "binding"), Pending)


async def test_a_caller_may_have_any_name(state: Store, clock: Clock) -> None:
    """It comes from outside."""
    odd = "Anna Müller {x}:*\n\0 \u202e \U0001f4a9"
    asked = pending("a", clock, caller=odd)
    await state.hold(asked)
    await state.declined(odd)
    assert await state.declines(odd, 10) == [clock()]
    assert await state.take("a", "binding") == asked


async def test_the_oldest_approvals_above_fifty_of_one_caller_are_dropped(
    state: Store, clock: Clock
) -> None:
    """The oldest by when they were asked; another caller's stay."""
    await state.hold(pending("theirs", clock, caller="them", seconds=1))
    for index in range(MOST_PENDING + 2):
        await state.hold(pending(f"mine{index}", clock, seconds=300 - index))
    assert await state.take("mine0", "binding") is None
    assert await state.take("mine1", "binding") is None
    assert isinstance(await state.take("mine2", "binding"), Pending)
    assert isinstance(await state.take("theirs", "binding"), Pending)


async def test_an_approval_a_month_old_is_forgotten(state: Store, clock: Clock) -> None:
    """Whether it was used or not."""
    await state.hold(pending("a", clock))
    await state.take("a", "binding")
    await state.hold(pending("b", clock))
    clock.time += PURGED_SECONDS + 301
    await state.hold(pending("c", clock))
    assert await state.used("a") is None
    assert await state.take("b", "binding") is None


async def test_refusals_are_told_oldest_first(state: Store, clock: Clock) -> None:
    """Those of one caller, within the seconds asked for."""
    began = clock()
    for _ in range(3):
        await state.declined("me")
        clock.time += 100
    await state.declined("them")
    assert await state.declines("me", 1000) == [began, began + 100, began + 200]
    assert await state.declines("me", 200) == [began + 100, began + 200]
    assert await state.declines("nobody", 1000) == []


async def test_refusals_in_the_future_do_not_count(state: Store, clock: Clock) -> None:
    """A clock that has gone back must not silence every question until it comes round again."""
    await state.declined("me")
    clock.time -= 60
    assert await state.declines("me", 1000) == []
    clock.time += 60
    assert await state.declines("me", 1000) == [clock()]


async def test_refusals_are_forgotten_after_a_month(state: Store, clock: Clock) -> None:
    """With the next one; further back there is only that."""
    await state.declined("me")
    clock.time += PURGED_SECONDS + 1
    await state.declined("me")
    assert await state.declines("me", 3 * PURGED_SECONDS) == [clock()]


async def test_changes_are_counted_up_to_the_most(state: Store, clock: Clock) -> None:
    """Above it nothing is counted, so that it is free again in time; others have their own."""
    assert await state.spend("me", 1, 2, 600) is not None
    clock.time += 300
    assert await state.spend("me", 1, 2, 600) is not None
    assert await state.spend("me", 1, 2, 600) is None
    assert await state.spend("them", 1, 2, 600) is not None
    clock.time += 300
    assert await state.spend("me", 1, 2, 600) is not None
    assert await state.spend("me", 1, 2, 600) is None


async def test_a_change_without_a_most_is_counted_too(state: Store) -> None:
    """Of those that were approved there may be any number."""
    for _ in range(3):
        assert await state.spend("me", 1, None, 600) is not None
    assert await state.spend("me", 1, 3, 600) is None
    assert await state.spend("me", 1, 4, 600) is not None


async def test_a_change_taken_back_does_not_count(state: Store) -> None:
    """That one and no other."""
    counted = [await state.spend("me", 1, 2, 600) for _ in range(2)]
    assert counted[0] is not None
    await state.spend_back("me", counted[0])
    await state.spend_back("me", counted[0])
    assert await state.spend("me", 1, 2, 600) is not None
    assert await state.spend("me", 1, 2, 600) is None


async def test_several_changes_are_counted_together_or_not_at_all(state: Store) -> None:
    """What does not fit leaves room for what does; each can be taken back."""
    counted = await state.spend("me", 6, 10, 600)
    assert counted is not None
    assert len(set(counted)) == 6
    assert await state.spend("me", 5, 10, 600) is None
    assert await state.spend("me", 4, 10, 600) is not None
    assert await state.spend("me", 1, 10, 600) is None
    await state.spend_back("me", counted[4:])
    assert await state.spend("me", 3, 10, 600) is None
    assert await state.spend("me", 2, 10, 600) is not None


async def test_changes_in_the_future_count(state: Store, clock: Clock) -> None:
    """A clock that goes back must not allow more."""
    await state.spend("me", 1, 1, 600)
    clock.time -= 3600
    assert await state.spend("me", 1, 1, 600) is None


async def test_changes_are_counted_once_for_all_connections(
    state: Store, place: Place, clock: Clock
) -> None:
    """However many ask at the same time."""
    others = [place.open() for _ in range(4)]
    counted: list[Sequence[int] | None] = []

    async def spend(other: Store) -> None:
        counted.append(await other.spend("me", 1, 5, 600))

    async with anyio.create_task_group() as tasks:
        for other in (state, *others, *others):
            tasks.start_soon(spend, other)
    assert len([row for row in counted if row is not None]) == 5


async def test_many_at_once_take_one_approval_once(
    state: Store, place: Place, clock: Clock
) -> None:
    """From several connections."""
    others = [place.open() for _ in range(4)]
    for turn in range(10):
        await state.hold(pending(str(turn), clock))
        found: list[object] = []

        async def take(other: Store, name: str, found: list[object]) -> None:
            found.append(await other.take(name, "binding"))

        async with anyio.create_task_group() as tasks:
            for other in (*others, *others):
                tasks.start_soon(take, other, str(turn), found)
        assert len([one for one in found if isinstance(one, Pending)]) == 1

"""Sends in the state store: counted before they go out, repeated under one key, told of later."""

from collections.abc import Sequence
from dataclasses import replace

import anyio

from sent_mcp.state import (
    KEPT_SECONDS,
    KEY_SECONDS,
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
)
from tests.state.places import Clock, Place, Store

HELLO = NewSend("mine", "body", "content", ("ada", "bob"), "key")


async def started(state: Store, send: NewSend, *, limit: int = 99) -> int:
    """The id of a send that goes out, whatever went out before."""
    shown = await state.earlier(send.account, send.content, send.recipients)
    found = await state.start_send(send, limit, shown)
    assert isinstance(found, int)
    return found


async def sent(state: Store, send: NewSend, *messages: str) -> int:
    """The id of a send that went out; its messages in the order of its recipients."""
    send_id = await started(state, send)
    await state.close_send(send_id, list(zip(send.recipients, messages, strict=False)))
    return send_id


async def to_ada(state: Store) -> Sequence[Earlier]:
    """What is known about the content and one of its recipients."""
    return await state.earlier("mine", "content", ["ada"])


async def test_messages_are_counted_per_account(state: Store) -> None:
    """Above the limit nothing is counted; what was dropped may be used again."""
    first = await started(state, HELLO, limit=3)
    other = replace(HELLO, content="other", body="other")
    assert await state.start_send(other, 3, []) is NotStarted.ABOVE_LIMIT
    assert await state.counted("mine") == 2
    theirs = replace(other, account="theirs", recipients=("a", "b", "c"))
    assert isinstance(await state.start_send(theirs, 3, []), int)
    await state.drop_send(first, repeated=False)
    assert await state.counted("mine") == 0
    assert await state.counted("theirs") == 3
    assert isinstance(await state.start_send(other, 2, []), int)


async def test_a_message_counts_for_a_day(state: Store, clock: Clock) -> None:
    """From when it went out, whatever came of it."""
    await started(state, HELLO)
    clock.time += KEPT_SECONDS
    assert await state.counted("mine") == 2
    clock.time += 1
    assert await state.counted("mine") == 0
    assert await state.last_to("mine", "ada") is None


async def test_messages_in_the_future_count(state: Store, clock: Clock) -> None:
    """A clock that goes back must not allow more."""
    await started(state, HELLO)
    clock.time -= 3600
    assert await state.counted("mine") == 2


async def test_a_send_is_open_until_its_outcome_is_known(state: Store, clock: Clock) -> None:
    """For this account, and exactly this."""
    send_id = await started(state, HELLO)
    assert await state.open_send("mine", "body") == OpenSend(send_id, "key", clock())
    assert await state.open_send("theirs", "body") is None
    assert await state.open_send("mine", "other") is None
    await state.close_send(send_id, [("ada", "m1"), ("bob", "m2")])
    assert await state.open_send("mine", "body") is None


async def test_a_send_that_was_dropped_is_not_known(state: Store) -> None:
    """It certainly did not go out."""
    assert await state.drop_send(await started(state, HELLO), repeated=False)
    assert await state.open_send("mine", "body") is None
    assert await state.last_to("mine", "ada") is None
    assert await to_ada(state) == []


async def test_a_send_that_went_out_stays_written_down(state: Store) -> None:
    """Also when another process that tried it under the same key was refused later."""
    first = await started(state, HELLO)
    again = await started(state, HELLO)
    await state.close_send(again, [("ada", "m1"), ("bob", "m2")])
    await state.drop_send(first, repeated=False)
    assert await state.counted("mine") == 2
    assert [each.message_id for each in await to_ada(state)] == ["m1"]


async def test_a_key_is_handed_on_as_long_as_sent_remembers_it(state: Store, clock: Clock) -> None:
    """An hour less; that it may have gone out is told for a day all the same."""
    await started(state, HELLO)
    clock.time += KEY_SECONDS
    assert await state.open_send("mine", "body") is not None
    clock.time += 1
    assert await state.open_send("mine", "body") is None
    assert [each.open for each in await to_ada(state)] == [True]
    clock.time += KEPT_SECONDS - KEY_SECONDS
    assert await to_ada(state) == []


async def test_a_repetition_is_the_same_send(state: Store, clock: Clock) -> None:
    """It is not counted again, also where the limit leaves no room, and its time stays."""
    first, began = await started(state, HELLO, limit=2), clock()
    clock.time += 60
    assert await started(state, HELLO, limit=2) == first
    assert await state.counted("mine") == 2
    assert await state.open_send("mine", "body") == OpenSend(first, "key", began)


async def test_the_same_send_under_another_key_is_another_one(state: Store, clock: Clock) -> None:
    """The last one is handed on."""
    first = await started(state, HELLO)
    clock.time += 1
    second = await started(state, replace(HELLO, idempotency_key="another"))
    assert second != first
    assert await state.counted("mine") == 4
    assert await state.open_send("mine", "body") == OpenSend(second, "another", clock())


async def test_a_key_of_another_send_is_no_repetition(state: Store) -> None:
    """What makes two sends one is the key and the body together."""
    await started(state, HELLO)
    other = replace(HELLO, body="other", content="other")
    assert await state.start_send(other, 3, []) is NotStarted.ABOVE_LIMIT


async def test_who_got_the_same_is_told_once_each(state: Store, clock: Clock) -> None:
    """When last, in which message, and in the order of the question."""
    first, began = await sent(state, HELLO, "m1", "m2"), clock()
    clock.time += 10
    later = replace(HELLO, body="later", recipients=("ada", "ada", "eve"), idempotency_key="k2")
    second = await sent(state, later, "m3", "m4", "m5")
    told = await state.earlier("mine", "content", ["bob", "zoe", "ada", "bob"])
    assert told == [
        Earlier(first, "bob", "m2", began, open=False),
        Earlier(second, "ada", "m4", clock(), open=False),
    ]
    assert await state.earlier("mine", "other", ["ada", "bob"]) == []
    assert await state.earlier("theirs", "content", ["ada", "bob"]) == []


async def test_who_may_have_got_it_is_told_apart(state: Store, clock: Clock) -> None:
    """Until the outcome is known."""
    send_id = await started(state, HELLO)
    assert await to_ada(state) == [Earlier(send_id, "ada", None, clock(), open=True)]
    await state.close_send(send_id, [("bob", "m2")])
    assert await to_ada(state) == [Earlier(send_id, "ada", None, clock(), open=False)]


async def test_nothing_starts_when_the_same_went_out_since_it_was_asked(
    state: Store,
) -> None:
    """To one of its recipients; and nothing is counted."""
    send_id = await started(state, replace(HELLO, body="other", recipients=("bob",)))
    assert await state.start_send(HELLO, 99, []) is NotStarted.CHANGED
    shown = await state.earlier("mine", "content", HELLO.recipients)
    await state.close_send(send_id, [("bob", "m1")])
    assert await state.start_send(HELLO, 99, shown) is NotStarted.CHANGED
    assert await state.counted("mine") == 1
    shown = await state.earlier("mine", "content", HELLO.recipients)
    assert isinstance(await state.start_send(HELLO, 99, shown), int)


async def test_nothing_starts_when_more_was_shown_than_went_out(state: Store) -> None:
    """A send that was dropped since, or one to somebody else."""
    send_id = await started(state, replace(HELLO, body="other", recipients=("bob", "eve")))
    shown = await state.earlier("mine", "content", ["bob", "eve"])
    assert await state.start_send(HELLO, 99, shown) is NotStarted.CHANGED
    await state.drop_send(send_id, repeated=False)
    assert await state.start_send(HELLO, 99, shown[:1]) is NotStarted.CHANGED
    assert isinstance(await state.start_send(HELLO, 99, []), int)


async def test_a_send_that_was_dropped_uncovers_the_one_before(state: Store, clock: Clock) -> None:
    """Whoever got it twice, of which one did not go out, got it once."""
    first, began = await sent(state, HELLO, "m1", "m2"), clock()
    clock.time += 10
    again = replace(HELLO, recipients=("ada",), idempotency_key="again")
    second = await started(state, again)
    assert await to_ada(state) == [Earlier(second, "ada", None, clock(), open=True)]
    assert await state.drop_send(second, repeated=False)
    before = Earlier(first, "ada", "m1", began, open=False)
    assert await to_ada(state) == [before]
    assert await state.last_to("mine", "ada") == before
    assert await state.open_send("mine", "body") is None


async def test_one_attempt_of_several_cannot_drop_a_send(state: Store) -> None:
    """What is known of one need not hold for the others, unless it is said so."""
    send_id = await started(state, HELLO)
    assert await started(state, HELLO) == send_id
    assert not await state.drop_send(send_id, repeated=False)
    assert await state.counted("mine") == 2
    assert await state.drop_send(send_id, repeated=True)
    assert not await state.drop_send(send_id, repeated=True)
    assert await state.counted("mine") == 0


async def test_messages_are_forgotten_when_they_count_no_more(state: Store, clock: Clock) -> None:
    """A recipient who gets the same every day has got it once in a day."""
    for day in range(4):
        send = replace(HELLO, body=f"day {day}", idempotency_key=f"day {day}")
        send_id = await sent(state, send, "m1", "m2")
        assert [each.send_id for each in await to_ada(state)] == [send_id]
        assert await state.counted("mine") == 2
        clock.time += KEPT_SECONDS + 3601


async def test_one_of_many_at_once_starts(state: Store, place: Place, clock: Clock) -> None:
    """All of them were asked when nothing had gone out."""
    others = [place.open() for _ in range(4)]
    found: list[int | NotStarted] = []

    async def start(other: Store, key: str) -> None:
        found.append(await other.start_send(replace(HELLO, idempotency_key=key), 99, []))

    async with anyio.create_task_group() as tasks:
        for index, other in enumerate((state, *others, *others)):
            tasks.start_soon(start, other, f"key {index}")
    assert len([each for each in found if isinstance(each, int)]) == 1
    assert found.count(NotStarted.CHANGED) == 8


async def test_the_last_message_to_somebody_is_the_newest(state: Store, clock: Clock) -> None:
    """Whatever it said; of this account."""
    await sent(state, HELLO, "m1", "m2")
    clock.time += 1
    other = replace(HELLO, body="other", content="other", recipients=("ada",))
    second = await sent(state, other, "m3")
    assert await state.last_to("mine", "ada") == Earlier(second, "ada", "m3", clock(), open=False)
    assert await state.last_to("theirs", "ada") is None
    assert await state.last_to("mine", "nobody") is None


async def test_every_message_of_a_send_has_its_id(state: Store) -> None:
    """Two channels are two messages to one recipient; Sent may answer in another order."""
    send = replace(HELLO, recipients=("ada", "bob", "ada", "bob"))
    send_id = await started(state, send)
    answered = [("bob", "b1"), ("ada", "a1"), ("bob", "b2"), ("ada", "a2"), ("eve", "e1")]
    await state.close_send(send_id, answered)
    assert [each.message_id for each in await to_ada(state)] == ["a2"]
    last = await state.last_to("mine", "bob")
    assert last is not None
    assert last.message_id == "b2"
    assert await state.counted("mine") == 4
    assert await state.last_to("mine", "eve") is None

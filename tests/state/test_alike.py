"""Whatever is asked of a store in a file and of one on a Redis server, they say the same."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.state import (
    KEPT_SECONDS,
    KEY_SECONDS,
    Earlier,
    NewSend,
    Pending,
    SqliteState,
)
from tests.state.places import Clock, Store, on_server
from tests.state.redis import RedisProcess

Told = object
Step = Callable[["Asked"], Awaitable[Told]]
PEOPLE = ("ada", "bob", "eve")


class Asked:
    """One store, and the ids that it gave: another store gives others."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.sends: list[int] = []
        self._began: list[float] = []
        self.changes: list[tuple[str, int]] = []

    def began(self, send_id: int) -> int:
        """The place of a send among all."""
        if send_id not in self.sends:
            self.sends.append(send_id)
            self._began.append(self.clock())
        return self.sends.index(send_id)

    def under_way(self, which: int) -> list[int]:
        """One send; none after a day, as a file forgets it later than the server does."""
        found = zip(self.sends, self._began, strict=True)
        young = [(each, self.clock() - at < KEPT_SECONDS) for each, at in found]
        return [each for each, is_young in young[which : which + 1] if is_young]

    def known(self, found: Sequence[Earlier]) -> Told:
        """The same with the numbers of the sends, in the order in which they were given."""
        return [replace(each, send_id=self.sends.index(each.send_id)) for each in found]


async def both(server: RedisProcess, pauses_and_steps: Sequence[tuple[float, Step]]) -> None:
    """Ask both stores the same, with the same pauses."""
    server.tell("FLUSHALL")
    place, clock = on_server(server), Clock()
    sqlite = SqliteState("memory:", clock=clock)
    stores = [Asked(sqlite, clock), Asked(place.open(), place.clock)]
    try:
        for pause, step in pauses_and_steps:
            for each in stores:
                each.clock.time += pause
            first, second = [await step(each) for each in stores]
            assert first == second
    finally:
        await sqlite.aclose()
        await place.close()


@dataclass(frozen=True)
class Guarded:
    """What a step with an approval, a refusal or a change is about."""

    name: str
    who: str
    binding: str
    count: int
    most: int | None

    async def hold(self, asked: Asked) -> Told:
        """An id is used once."""
        if await asked.store.used(self.name) is None:
            await asked.store.drop(self.name)
            now = asked.clock()
            pending = Pending(self.name, self.who, self.binding, "key", now, now + 300)
            await asked.store.hold(pending)
        return None

    async def take(self, asked: Asked) -> Told:
        return await asked.store.take(self.name, self.binding)

    async def drop(self, asked: Asked) -> Told:
        """A file keeps one that has expired for longer than the server does; nobody asks for it."""
        found = await asked.store.drop(self.name)
        return found if found and asked.clock() <= found.expires_at else None

    async def drop_alike(self, asked: Asked) -> Told:
        return await asked.store.drop_alike(self.who, self.binding)

    async def finish(self, asked: Asked) -> Told:
        await asked.store.finish(self.name, "done", [self.binding])
        return await asked.store.used(self.name)

    async def decline(self, asked: Asked) -> Told:
        await asked.store.declined(self.who)
        return await asked.store.declines(self.who, 600)

    async def spend(self, asked: Asked) -> Told:
        found = await asked.store.spend(self.who, self.count, self.most, 600)
        asked.changes += [(self.who, change) for change in found or ()]
        return None if found is None else len(found)

    async def spend_back(self, asked: Asked) -> Told:
        mine = [change for who, change in asked.changes if who == self.who]
        return await asked.store.spend_back(self.who, mine[-self.count :])


@dataclass(frozen=True)
class Sending:
    """What a step with a send is about: this one, or one of those that were started."""

    send: NewSend
    limit: int
    which: int
    flag: bool

    async def start(self, asked: Asked) -> Told:
        """What was shown may be about some of the recipients only."""
        send = self.send
        told = send.recipients if self.flag else send.recipients[:1]
        shown = await asked.store.earlier(send.account, send.content, told)
        found = await asked.store.start_send(send, self.limit, shown)
        return asked.began(found) if isinstance(found, int) else found

    async def close(self, asked: Asked) -> Told:
        sent = [(each, f"{each} {place}") for place, each in enumerate(self.send.recipients)]
        for send_id in asked.under_way(self.which):
            await asked.store.close_send(send_id, sent)
        return None

    async def drop(self, asked: Asked) -> Told:
        dropped = asked.under_way(self.which)
        return [await asked.store.drop_send(each, repeated=self.flag) for each in dropped]

    async def look(self, asked: Asked) -> Told:
        """Everything that can be asked for."""
        send, store = self.send, asked.store
        last = await store.last_to(send.account, send.recipients[0])
        opened = await store.open_send(send.account, send.body)
        return (
            asked.known([last] if last else []),
            asked.known(await store.earlier(send.account, send.content, PEOPLE)),
            opened and replace(opened, send_id=asked.sends.index(opened.send_id)),
            await store.counted(send.account),
        )


GUARDED = st.builds(
    Guarded,
    st.sampled_from("abc"),
    st.sampled_from(["me", "them"]),
    st.sampled_from("xy"),
    st.integers(1, 4),
    st.sampled_from([None, 3, 6]),
)
SENDING = st.builds(
    Sending,
    st.builds(
        NewSend,
        st.sampled_from(["mine", "theirs"]),
        st.sampled_from(["body", "other"]),
        st.sampled_from("xy"),
        st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4).map(tuple),
        st.sampled_from(["k1", "k2"]),
    ),
    st.sampled_from([3, 6, 99]),
    st.integers(0, 4),
    st.booleans(),
)
OF_APPROVALS = st.sampled_from(
    [
        Guarded.hold,
        Guarded.take,
        Guarded.drop,
        Guarded.drop_alike,
        Guarded.finish,
        Guarded.decline,
        Guarded.spend,
        Guarded.spend_back,
    ]
)
OF_SENDS = st.sampled_from([Sending.start, Sending.close, Sending.drop, Sending.look])
SHORT = st.sampled_from([0.0, 0.0, 0.5, 61.0, 150.0, 300.0, 301.0, 599.0])
LONG = st.sampled_from([0.0, 0.0, 1.0, 3600.0, KEY_SECONDS, KEPT_SECONDS, KEPT_SECONDS + 1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SHORT, st.builds(partial, OF_APPROVALS, GUARDED)), max_size=30))
async def test_approvals_and_changes(
    shared_redis: RedisProcess, steps: list[tuple[float, Step]]
) -> None:
    """Held, taken, dropped, refused, counted and taken back, in any order."""
    await both(shared_redis, steps)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LONG, st.builds(partial, OF_SENDS, SENDING)), max_size=30))
async def test_sends(shared_redis: RedisProcess, steps: list[tuple[float, Step]]) -> None:
    """Started, repeated, closed and dropped, and asked for in every way."""
    await both(shared_redis, steps)

"""All lanes at once: rounds, the faults in them, and the comparison after each."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio

from tests.proof.faults_asking import told_again
from tests.proof.faults_changes import change, make, store_metadata, try_dry
from tests.proof.faults_excuses import Sky
from tests.proof.faults_host import LostError
from tests.proof.faults_lane import Attempt, Lane, Ledger, Tally
from tests.proof.faults_plan import Round, Step
from tests.proof.faults_reads import READS
from tests.proof.faults_sends import import_people, send, send_unsendable
from tests.proof.faults_site import Site
from tests.proof.model import Wrong, causes

Json = dict[str, Any]
Do = Callable[[Lane, Step], Awaitable[None]]
AREA = "+14156"
LOADED_SECONDS = 60.0
_CALM = Round((), (), 0.0, forget=False)
_DO: dict[str, Do] = {
    **READS,
    "send": send,
    "import": import_people,
    "unsendable": send_unsendable,
    "metadata": store_metadata,
    "dry": try_dry,
}


@dataclass
class Field:
    """All lanes before one emulator."""

    site: Site
    lanes: list[Lane]
    seed: int
    where: str = ""
    old: set[str] = field(default_factory=set[str])

    @property
    def ledger(self) -> Ledger:
        """What came of everything."""
        return self.lanes[0].ledger

    @property
    def tallies(self) -> list[Tally]:
        """One of each server."""
        return list({id(lane.tally): lane.tally for lane in self.lanes}.values())

    async def settle_in(self) -> None:
        """Every other number is a contact before it begins; what was seeded stays out of it."""
        for lane in self.lanes:
            for person in lane.people[::2]:
                await self.site.create(person.number)
        self.old = set(await self.site.messages())
        records = await self.site.contacts(AREA[1:])
        for lane in self.lanes:
            for person in lane.people:
                person.found(records.get(person.number))
            # The server is loaded, and its state file there, before anybody looks at either.
            await lane.host.call("get_message", {"to": lane.people[0].number}, LOADED_SECONDS)

    async def play(self, number: int, now: Round) -> None:
        """One round, and what it left in doubt."""
        self.where = f"seed {self.seed}, round {number}"
        await self.site.forget()
        sky = Sky()
        for lane in self.lanes:
            lane.now, lane.sky, lane.sends = now, sky, 0
            lane.said.clear()
        async with anyio.create_task_group() as tasks:
            for place, lane in enumerate(self.lanes):
                tasks.start_soon(self._steps, lane, now.steps[place])
            await self._weather(now, sky)
        await self._turn(sky, ())
        await self._quiet(now.longest_delay)
        await self._compare_keys()
        await self._compare()
        await self._settle()
        await self.site.advance(now.advance)
        for tally in self.tallies:
            tally.pass_time(changes=now.forget)

    def leave(self) -> None:
        """What the hosts noticed by the way."""
        for lane in self.lanes:
            self.ledger.wrong += [f"a form for nobody: {said}" for said in lane.host.stray]
            lane.host.stray.clear()

    async def _weather(self, now: Round, sky: Sky) -> None:
        """The second wave comes when the lanes are about half way."""
        for wave in now.waves:
            begun = self.ledger.calls
            await self._turn(sky, wave)
            with anyio.move_on_after(2.0):
                while self.ledger.calls < begun + 2 * len(self.lanes):  # noqa: ASYNC110  # a count
                    await anyio.sleep(0.05)

    async def _turn(self, sky: Sky, wave: Sequence[Json]) -> None:
        sky.before(wave)
        await self.site.faults(wave)
        sky.after()

    async def _steps(self, lane: Lane, steps: Sequence[Step]) -> None:
        for place, step in enumerate(steps):
            do = _DO.get(step.kind, change)
            with_it = f"step {place} ({step.kind}, {step.how})"
            await self._noting(lane, with_it, lambda do=do, step=step: do(lane, step))

    async def _noting(self, lane: Lane, what: str, do: Callable[[], Awaitable[None]]) -> None:
        try:
            await do()
        except* (Wrong, LostError) as group:
            for error in causes(group):
                self._note(lane, f"{lane.name}, {what}, {lane.where}: {error}")

    def _note(self, lane: Lane, what: str) -> None:
        lane.spoiled = True
        self.ledger.wrong.append(f"{self.where}, {what}")

    async def _quiet(self, longest: float) -> None:
        """Until everything that was delayed has been done."""
        with anyio.move_on_after(longest + 5):
            while longest and await self._is_anything_under_way(longest):  # noqa: ASYNC110  # a log
                await anyio.sleep(0.1)

    async def _is_anything_under_way(self, longest: float) -> bool:
        latest = self.site.now - longest - 0.5
        return any(
            each["status"] is None and datetime.fromisoformat(each["at"]).timestamp() > latest
            for each in await self._log()
        )

    async def _log(self) -> list[Json]:
        return [each for each in await self.site.log() if each["method"] != "GET"]

    async def _compare_keys(self) -> None:
        """One key for one approved send, however often it was tried."""
        keys = {
            each["idempotency_key"]
            for each in await self._log()
            if (each["method"], each["path"]) == ("POST", "/v3/messages")
        }
        sends = sum(lane.sends for lane in self.lanes)
        if len(keys) > sends or None in keys:
            self.ledger.wrong.append(f"{self.where}: {len(keys)} keys for {sends} sends")

    async def _compare(self) -> None:
        """The emulator's own records with the model, which then knows what was in doubt."""
        records, messages = await self.site.contacts(AREA[1:]), await self.site.messages()
        counted = Counter(said for key, said in messages.items() if key not in self.old)
        for lane in self.lanes:
            own = {key: n for key, n in counted.items() if key[0].startswith(lane.mark)}
            for key in own:
                del counted[key]
            self._compare_contacts(lane, records)
            self._compare_messages(lane, own)
            lane.spoiled = False
        if counted:
            self.ledger.wrong.append(f"{self.where}: messages nobody sent: {counted}")

    def _compare_contacts(self, lane: Lane, records: dict[str, Json]) -> None:
        for person in lane.people:
            expected, record = sorted(person.possible), records.get(person.number)
            if not person.found(record) and not lane.spoiled:
                self.ledger.gone += 1
                so_far = "; ".join(lane.about(person))
                self._note(lane, f"{person.number} should be {expected}, is {record}: {so_far}")

    def _compare_messages(self, lane: Lane, counted: dict[tuple[str, str], int]) -> None:
        expected = lane.outbox.expected()
        for key in expected.keys() | counted.keys():
            (least, most), found = expected.get(key, (0, 0)), counted.get(key, 0)
            if least <= found <= most or lane.spoiled:
                continue
            self.ledger.doubled += int(max(0, found - most))
            self.ledger.gone += int(max(0, least - found))
            self.ledger.wrong.append(
                f"{self.where}, {lane.name}: {found} of {key} instead of {least} to {most}"
            )
            lane.spoiled = True
        lane.outbox.look(counted)
        if lane.spoiled:
            lane.outbox.start_over(counted)
            lane.pending.clear()

    async def _settle(self) -> None:
        """What was in doubt, again: it is told what it is, and is done exactly once."""
        for tally in self.tallies:
            tally.pass_time(changes=False)
        waiting = [lane for lane in self.lanes if lane.pending]
        async with anyio.create_task_group() as tasks:
            for lane in waiting:
                tasks.start_soon(self._settle_lane, lane)
        if waiting:
            await self._compare()

    async def _settle_lane(self, lane: Lane) -> None:
        lane.now, lane.sky = _CALM, Sky()
        for attempt in [*lane.pending]:
            await self._noting(lane, "settling", lambda attempt=attempt: _again(lane, attempt))
        lane.pending.clear()


async def _again(lane: Lane, attempt: Attempt) -> None:
    if attempt.used is not None and "import_id" not in attempt.arguments:
        given = {**attempt.arguments, "confirmation_token": attempt.used}
        told_again(lane, attempt, await lane.call(attempt.tool, given, changes=True))
    await make(lane, Step("again", 0, "yes", form=True, details=0), attempt)
    if attempt in lane.pending:
        raise Wrong("it is not settled although nothing goes wrong any more")

"""One state file, the servers that live on it one after the other, and how each of them dies."""

import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import anyio

from tests.proof.crashes_actions import Action
from tests.proof.crashes_calls import (
    DONE,
    SECONDS,
    Approved,
    Log,
    approval,
    ask,
    asked,
    is_done,
    used,
)
from tests.proof.crashes_plan import Trial
from tests.proof.faults_host import Host, LostError, connected
from tests.proof.faults_site import Site
from tests.proof.hosts import Reply
from tests.proof.model import Wrong, causes
from tests.serving.wire import MODERN

Json = dict[str, Any]
_ARRIVES_SECONDS = 3.0
"""More than a call has for it, so that one that has not arrived by then never will."""
_TOLD = "Nothing was done again."
_KNOWN = "Got the same in the last 24 hours"


@dataclass
class Track:
    """One state file. Nobody else uses its site."""

    site: Site
    state: str
    log: Log
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    server: Host | None = None
    base: ClassVar[list[Json]] = [
        {"match": match, "kind": "delay", "seconds": seconds, "times": 1_000_000}
        for match, seconds in (
            ("POST /v3/messages", 0.15),
            ("DELETE /v3/contacts", 0.15),
            ("PATCH /v3/contacts", 0.15),
            ("POST /v3/contacts", 0.08),
        )
    ]

    @property
    def environment(self) -> dict[str, str]:
        """What its servers are told; what one has left unfinished is waited for until then."""
        return self.site.environment(self.state, SENT_MCP_CALL_TIMEOUT="2.5")

    async def play(self, trial: Trial, action: Action) -> None:
        """One action, and the kill in it."""
        try:
            await self._play(trial, action)
        except* (Wrong, LostError) as group:
            for error in causes(group):
                self.log.lost += isinstance(error, LostError)
                self.log.wrong.append(f"seed {self.log.seed}, {trial}: {error}")

    async def leave(self) -> None:
        """Kill what is left."""
        await self.stack.aclose()
        self.stack, self.server = AsyncExitStack(), None

    async def _play(self, trial: Trial, action: Action) -> None:
        # A loss that nothing has met before the last kill was the last trial's.
        await self.site.faults(self.base)
        host = self.server or await self._start()
        if trial.moment == "starting":
            host = await self._started_anew(trial)
        elif trial.moment == "asking":
            host = await self._killed(host, trial, lambda: ask(host, action, trial.form))
            await self._look(action, 0)
        approved = await asked(host, action, trial.form)
        if trial.moment not in ("asking", "starting"):
            host = await self._acted(host, trial, action, approved)
        if trial.moment == "never":
            return
        known = await self._same_again(host, trial, action, approved)
        if trial.moment == "again":
            again = host
            host = await self._killed(host, trial, lambda: used(again, action, approved))
        if not known:
            await self._anew(host, action, trial.form)
        await self._look(action, action.wanted)
        await self._after_undoing(host, action, approved)

    async def _acted(self, host: Host, trial: Trial, action: Action, approved: Approved) -> Host:
        """Approved, and killed unless that comes later."""
        began = time.monotonic()
        if trial.lost and trial.moment != "never":
            lost = {"match": action.request, "kind": "drop_after", "times": 1}
            await self.site.faults([lost, *self.base])
        if trial.moment in ("never", "again"):
            reply = await used(host, action, approved)
            if trial.moment == "never":
                self.log.seconds[trial.kind] = time.monotonic() - began
                if not is_done(action, reply):
                    raise Wrong(f"it was not done: {reply.text}")
            return host
        if trial.moment == "arrived":
            await self.site.forget()
        return await self._killed(host, trial, lambda: used(host, action, approved), action)

    async def _killed(
        self,
        host: Host,
        trial: Trial,
        call: Callable[[], Awaitable[object]],
        action: Action | None = None,
    ) -> Host:
        """Kill it during this call; the server that was started after it."""
        answered, moment = anyio.Event(), trial.moment

        async def calling() -> None:
            try:
                await call()
            except LostError:
                pass
            finally:
                answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calling)
            moment = await self._moment(trial, answered, action)
            host.process.kill()
        await host.process.wait()
        return await self._after_kill(moment)

    async def _after_kill(self, moment: str) -> Host:
        self.log.kills += 1
        self.log.moments[moment] += 1
        self._sound()
        return await self._start()

    async def _moment(self, trial: Trial, answered: anyio.Event, action: Action | None) -> str:
        """Wait for it; what it has become, where what it waits for does not come."""
        usual = self.log.seconds.get(trial.kind, 0.5)
        if trial.moment == "answered":
            with anyio.move_on_after(SECONDS):
                await answered.wait()
        elif trial.moment == "arrived" and action is not None:
            if not await self._has_arrived(action):
                return "not arrived"
            await anyio.sleep(trial.at)
        elif trial.moment in ("asking", "again"):
            await anyio.sleep(trial.at * 0.1)
        else:
            await anyio.sleep(trial.at * usual)
        return trial.moment

    async def _has_arrived(self, action: Action) -> bool:
        """Whether Sent gets the request in time. Its log was forgotten just before the call."""
        with anyio.move_on_after(_ARRIVES_SECONDS):
            while True:
                asked = [f"{each['method']} {each['path']}" for each in await self.site.log()]
                if action.request in asked:
                    return True
                await anyio.sleep(0.005)
        return False

    async def _started_anew(self, trial: Trial) -> Host:
        """After one that did not live long; the idle one before it is no kill that counts."""
        await self.leave()
        moment = "starting"
        starting = connected(self.site.home, MODERN, self.environment, can_ask=True)
        with anyio.move_on_after(trial.at * self.log.seconds.get("start", 0.3)):
            async with starting:
                moment = "started"
        return await self._after_kill(moment)

    async def _start(self) -> Host:
        """A server on this state file, in the place of the last one."""
        await self.stack.aclose()
        self.stack, began = AsyncExitStack(), time.monotonic()
        self.server = await self._another()
        took = time.monotonic() - began
        self.log.seconds["start"] = min(took, self.log.seconds.get("start", took))
        return self.server

    async def _another(self) -> Host:
        connecting = connected(self.site.home, MODERN, self.environment, can_ask=True)
        return await self.stack.enter_async_context(connecting)

    def _sound(self) -> None:
        """The file is in order, as it was left; a copy is looked at, so that nothing is mended."""
        path = self.site.home / self.state
        copy = path.with_name(f"copy-of-{self.state}")
        if not path.exists():
            return
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
            if (left := Path(f"{path}{suffix}")).exists():
                shutil.copyfile(left, f"{copy}{suffix}")
        with closing(sqlite3.connect(copy)) as db:
            said = db.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            raise Wrong(f"the state file is corrupt: {said}")

    async def _same_again(
        self, host: Host, trial: Trial, action: Action, approved: Approved
    ) -> bool:
        """With the same approval, perhaps to two servers at once; whether it is known done."""
        hosts = [host, await self._another()] if trial.twins else [host]
        replies: list[Reply] = []

        async def use(one: Host) -> None:
            replies.append(await used(one, action, approved))

        async with anyio.create_task_group() as tasks:
            for one in hosts:
                tasks.start_soon(use, one)
        # One that looked after the other had acted finds nothing to do, and uses no approval.
        acted = [each for each in replies if _TOLD not in each.text and each.status != "unchanged"]
        for each in replies:
            self._judge(action, each)
        if len(acted) > 1 and all(is_done(action, each) for each in acted):
            raise Wrong(f"two servers acted on one approval: {[each.text for each in acted]}")
        found = await action.effects(self.site)
        known = any(is_done(action, each) for each in replies)
        if known and found != action.wanted:
            self.log.lost += 1
            raise Wrong(f"it was said to be done: {[each.text for each in replies]}")
        self._bound(action, found)
        return known

    def _judge(self, action: Action, reply: Reply) -> None:
        """Done now, told what came of it, or not known; never refused, never asked again."""
        self.log.after[reply.status] += 1
        gone = action.kind == "delete" and reply.status == "RESOURCE_001"
        allowed = (*DONE.get(action.kind, ("imported", "partial")), "outcome_unknown")
        if reply.status not in allowed and not gone:
            raise Wrong(f"the same approval again: {reply.text}")

    def _bound(self, action: Action, found: int) -> None:
        if found > action.wanted:
            self.log.doubled += found - action.wanted
            raise Wrong(f"{found} instead of {action.wanted}")

    async def _anew(self, host: Host, action: Action, form: bool) -> None:
        """Asked anew; who learns from the question that it went out does not agree again."""
        reply = await ask(host, action, form)
        approved = approval(reply)
        question = reply.text if approved is not None else ""
        if approved is None:
            if not (is_done(action, reply) or reply.status in ("RESOURCE_001", "unchanged")):
                raise Wrong(f"nothing was asked: {reply.text}")
        elif _KNOWN in question or _KNOWN in str(reply.data.get("question", "")):
            self.log.after["found in the question"] += 1
        else:
            reply = await used(host, action, approved)
            if not (is_done(action, reply) or reply.status == "RESOURCE_001"):
                raise Wrong(f"anew: {reply.text}")

    async def _look(self, action: Action, wanted: int) -> None:
        found = await action.effects(self.site)
        self._bound(action, found)
        if found < wanted or (wanted == 0 and found):
            self.log.lost += int(found < wanted)
            raise Wrong(f"done {found} times instead of {wanted}")

    async def _after_undoing(self, host: Host, action: Action, approved: Approved) -> None:
        """Somebody takes it back; the old approval does not do it again."""
        await action.undo(self.site)
        before = await action.effects(self.site)
        reply = await used(host, action, approved)
        after = await action.effects(self.site)
        if after != before or _TOLD not in reply.text:
            self.log.doubled += abs(after - before)
            raise Wrong(f"a used approval did it again ({before}, {after}): {reply.text}")

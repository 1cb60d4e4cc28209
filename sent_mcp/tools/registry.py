"""How functions become tools.

A tool is data plus a function: copy one from `contacts.py`. A guarded one has two: `plan` reads,
refuses what cannot work and puts the change into words; `act` makes it, once approved.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import time as wall_clock
from typing import Generic, Protocol, TypeVar

import anyio
import anyio.lowlevel
import mcp_types as mcp
from pydantic import JsonValue

from sent_mcp.client import SentClient, new_idempotency_key
from sent_mcp.errors import OutcomeUnknownError, SentError
from sent_mcp.guard import (
    LEAST_SECONDS,
    REFUSED,
    Approved,
    Asked,
    Guard,
    Host,
    Plan,
    Stopped,
    TimeLimit,
)
from sent_mcp.guard import Change as GuardedCall
from sent_mcp.guard.audit import Line
from sent_mcp.guard.imports import Imports
from sent_mcp.guard.journal import Journal
from sent_mcp.tools.arguments import Arguments, Change, parse
from sent_mcp.tools.results import ChangeResult, Result
from sent_mcp.tools.schemas import Schema, input_schema, output_schema

Exact = dict[str, JsonValue]
Progress = Callable[[float, float | None, str | None], Awaitable[None]]
Client = TypeVar("Client")
A = TypeVar("A", bound=Arguments)
C = TypeVar("C", bound=Change)
A_co = TypeVar("A_co", bound=Arguments, covariant=True)
R_co = TypeVar("R_co", bound=Result, covariant=True)


@dataclass(frozen=True)
class Limits:
    """What the operator set for sends, and where numbers without a country code belong."""

    region: str | None = None
    dry_run: bool = False
    allowed_recipients: tuple[str, ...] = ()
    max_recipients: int = 50
    messages_per_day: int = 500
    call_timeout: float = 45.0
    mask_phones: bool = False


@dataclass(frozen=True)
class Call(Generic[Client]):
    """What a tool may use during one call: everything it needs comes in here.

    `agreed`: somebody said yes to what it does, or nobody needs to be asked. `cancelled` is set
    when nobody waits for it any more: what is done in many steps begins no further one. `now` is
    the clock of this machine, seconds since 1970.
    """

    client: Client
    journal: Journal
    imports: Imports
    limits: Limits
    host: Host
    time: TimeLimit
    dry_run: bool = False
    idempotency_key: str = ""
    agreed: bool = False
    cancelled: anyio.Event = field(default_factory=anyio.Event)
    now: Callable[[], float] = wall_clock

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the host how far this call is."""
        await self.host.report_progress(progress, total, message)


SentCall = Call[SentClient]


P = TypeVar("P", bound=Plan)


@dataclass(frozen=True)
class Offer(Generic[A_co, R_co]):
    """What a host sees of a tool. `toolset` and `read_only` decide whether it exists at all."""

    name: str
    title: str
    description: str
    toolset: str
    arguments: type[A_co]
    result: type[R_co]
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False

    def definition(self) -> mcp.Tool:
        """The entry in `tools/list`."""
        return mcp.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.input_schema,
            output_schema=output_schema(self.result),
            annotations=mcp.ToolAnnotations(
                read_only_hint=self.read_only,
                destructive_hint=self.destructive,
                idempotent_hint=self.idempotent,
                open_world_hint=self.open_world,
            ),
        )

    @property
    def input_schema(self) -> Schema:
        """The schema of its arguments."""
        return input_schema(self.arguments)


class Tool(Protocol[Client]):
    """A tool as the server sees it."""

    @property
    def offer(self) -> Offer[Arguments, Result]:
        """What a host sees."""
        ...

    async def run(
        self, call: Call[Client], guard: Guard, given: Mapping[str, object]
    ) -> Result | Asked:
        """Parse, do, answer. Raises SentError."""
        ...


@dataclass(frozen=True)
class ReadTool(Generic[Client, A]):
    """A tool that changes nothing at Sent."""

    offer: Offer[A, Result]
    body: Callable[[Call[Client], A], Awaitable[Result]]

    async def run(self, call: Call[Client], guard: Guard, given: Mapping[str, object]) -> Result:
        """See Tool."""
        parsed = parse(self.offer.arguments, self.offer.name, given, call.limits.region)
        return await self.body(call, parsed)


@dataclass(frozen=True)
class ChangeTool(Generic[C, P]):
    """A tool that changes something; the guard stands between `plan` and `act`."""

    offer: Offer[C, ChangeResult]
    plan: Callable[[SentCall, C], Awaitable[P]]
    act: Callable[[SentCall, P], Awaitable[ChangeResult]]

    async def run(
        self, call: SentCall, guard: Guard, given: Mapping[str, object]
    ) -> Result | Asked:
        """See Tool."""
        arguments = parse(self.offer.arguments, self.offer.name, given, call.limits.region)
        call = replace(call, dry_run=arguments.dry_run or call.limits.dry_run)
        exact = arguments.exact()
        if call.dry_run:
            return await self._tried(call, guard, arguments, exact)
        token = arguments.confirmation_token
        change = GuardedCall(self.offer.name, exact, token, call.host, call.time)
        async with guard.audited(change) as line:
            return await self._guarded(call, guard, change, arguments, line)

    async def _tried(self, call: SentCall, guard: Guard, arguments: C, exact: Exact) -> Result:
        """A dry run: never asked, with a key of its own."""
        plan = await self.plan(call, arguments)
        question = plan.question
        # What is asked because of earlier changes is not shown: nobody has counted them here.
        asked = question is not None and question.is_always_asked
        shown = await guard.words(question) if question is not None and asked else None
        fresh = replace(call, idempotency_key=new_idempotency_key())
        done = await self._settled(fresh, plan, exact)
        return done.model_copy(update={"question": shown})

    async def _guarded(
        self, call: SentCall, guard: Guard, change: GuardedCall, arguments: C, line: Line
    ) -> Result | Asked:
        async def propose() -> P:
            plan = await self.plan(call, arguments)
            line.about(plan.question)
            return plan

        decision = await guard.already(change) or await guard.decide(change, propose)
        if isinstance(decision, Asked):
            line.outcome = "asked"
            return decision
        if isinstance(decision, Stopped):
            line.outcome = decision.status
            line.confirmed = "used before" if decision.repeated else None
            return self.offer.result.stopped(decision, self.offer.name, change.arguments)
        plan, approved = decision
        line.confirmed = approved.how
        done = await self._approved(call, plan, guard, approved, change)
        line.outcome, line.request_id = done.status, done.request_id
        return done

    async def _approved(
        self, call: SentCall, plan: P, guard: Guard, approved: Approved, change: GuardedCall
    ) -> ChangeResult:
        """Act once; nothing cancels it before its outcome is recorded."""
        call = replace(call, idempotency_key=approved.idempotency_key, agreed=approved.agreed)
        left = anyio.current_effective_deadline() - anyio.current_time()
        # The record may take longer than the action: a slow store must not hide what was done.
        async with _shielded(call.cancelled):
            try:
                with anyio.fail_after(max(left, LEAST_SECONDS)):
                    done = await self._settled(call, plan, change.arguments)
            except SentError:
                await guard.finish(approved, REFUSED, (), changed=0)
                raise
            await guard.finish(approved, done.status, done.ids, changed=done.changes)
        return done

    async def _settled(
        self, call: SentCall, plan: P, exact: Mapping[str, JsonValue]
    ) -> ChangeResult:
        """The outcome; one that is not known is a result a model can act on, not an error."""
        try:
            return await self.act(call, plan)
        except OutcomeUnknownError as unknown:
            return self.offer.result.unknown(unknown, exact)


@asynccontextmanager
async def _shielded(told: anyio.Event) -> AsyncGenerator[None]:
    """Inside nothing is cancelled; `told` is set when the call around it was."""

    async def wait() -> None:
        with waiting:
            try:
                await anyio.sleep_forever()
            finally:
                told.set()

    waiting = anyio.CancelScope()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            with anyio.CancelScope(shield=True):
                try:
                    yield
                finally:
                    # Leaving a task group waits for its tasks, and a cancellation in that moment
                    # would hide what was done. It hears of an end in the next turn of the loop.
                    waiting.cancel()
                    await told.wait()
                    await anyio.lowlevel.checkpoint()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None

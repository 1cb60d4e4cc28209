"""Every kind of host × action × circumstance: what reached Sent, and what was said.

What counts is the emulator's own log of requests, not what the server says about itself.
"""

import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette

from tests.door import SEEDED, Door
from tests.guard.changes import OTHER
from tests.guard.hosts import (
    ACCEPTS,
    ERAS,
    FAILS,
    HANDSHAKE,
    KINDS,
    MODERN,
    PLAIN,
    YES,
    Asked,
    Host,
    Kind,
    at_sent,
    make_older,
    one_round,
)

OPTED_OUT = "+14165550104"
"""A contact of the emulator's that has opted out, on SMS and WhatsApp."""
NEW = "+14155559999"
LISTED = [f"+1415556{index:04d}" for index in range(11)]
LONG_AGO = 301.0
Arguments = dict[str, Any]
TOLD = "Nothing was done again."


@dataclass(frozen=True)
class Action:
    """One change that must be asked, and another one that nobody agreed to.

    `{id}` in an argument and a path is the id of the contact with this number, `{other}` that of
    another one. `requests` is how many it takes. `eleventh`: it is asked about because there were
    ten before.
    """

    name: str
    tool: str
    number: str
    arguments: Arguments
    instead: Arguments
    request: str
    done: str
    undone: str
    requests: int = 1
    eleventh: bool = False


ACTIONS = (
    Action(
        "delete",
        "delete_contact",
        SEEDED,
        {"contact_id": "{id}"},
        {"contact_id": "{other}"},
        "DELETE /v3/contacts/{id}",
        "deleted",
        "Nothing was deleted.",
    ),
    Action(
        "send",
        "send_message",
        SEEDED,
        {"to": [SEEDED], "text": "Hello", "channels": ["sms"]},
        {"to": [SEEDED], "text": "Hello!", "channels": ["sms"]},
        "POST /v3/messages",
        "accepted",
        "Nothing was sent.",
    ),
    Action(
        "opt-in",
        "update_contact",
        OPTED_OUT,
        {"contact_id": "{id}", "opt_out": False},
        {"contact_id": "{id}", "opt_out": False, "metadata": {"by": "somebody"}},
        "PATCH /v3/contacts/{id}",
        "updated",
        "Nothing was changed.",
    ),
    Action(
        "eleventh-creation",
        "create_contact",
        SEEDED,
        {"phone_number": NEW},
        {"phone_number": "+14155559998"},
        "POST /v3/contacts",
        "created",
        "Nothing was created.",
        eleventh=True,
    ),
    Action(
        "eleventh-opt-out",
        "update_contact",
        SEEDED,
        {"contact_id": "{id}", "opt_out": True},
        {"contact_id": "{other}", "opt_out": True},
        "PATCH /v3/contacts/{id}",
        "updated",
        "Nothing was changed.",
        eleventh=True,
    ),
    Action(
        "import",
        "import_contacts",
        SEEDED,
        {"phone_numbers": LISTED},
        {"phone_numbers": [*LISTED[:10], NEW]},
        "POST /v3/contacts",
        "imported",
        "Nothing was created.",
        requests=len(LISTED),
    ),
)


@dataclass
class Stage:
    """One cell set up: the host before its server, the action with its ids, and a second server."""

    door: Door
    second: Door
    host: Host
    era: str
    action: Action
    state: Path
    contact_id: str
    other_id: str

    @property
    def kind(self) -> Kind:
        """What the host is like."""
        return self.host.kind

    @property
    def arguments(self) -> Arguments:
        """Those of the action."""
        return self._named(self.action.arguments)

    @property
    def instead(self) -> Arguments:
        """Those nobody was asked about."""
        return self._named(self.action.instead)

    @property
    def request(self) -> str:
        """The one request that makes the change."""
        return self.action.request.replace("{id}", self.contact_id)

    async def sent(self) -> list[str]:
        """What changed something since the cell was set up."""
        return await self.door.changes()

    async def nothing_was_done(self, said: dict[str, Any], status: str) -> None:
        """Nothing reached Sent, and that is what was said."""
        assert await self.sent() == []
        assert said["status"] == status, said["message"]
        assert said["message"].startswith(self.action.undone), said["message"]

    async def done_once(self, said: dict[str, Any]) -> None:
        """The one request reached Sent, or each of them once."""
        assert await self.sent() == [self.request] * self.action.requests
        assert said["status"] == self.action.done, said["message"]

    async def told_again(self, said: dict[str, Any]) -> None:
        """The recorded outcome was repeated, and nothing else."""
        await self.done_once(said)
        assert said["message"].endswith(TOLD), said["message"]

    def _named(self, given: Arguments) -> Arguments:
        names = {"{id}": self.contact_id, "{other}": self.other_id}
        return {name: names.get(str(value), value) for name, value in given.items()}


@dataclass(frozen=True)
class Approval:
    """A token, or the state of a form with an answer, as it is brought to a second call.

    `agrees`: whether it is a yes, if it is used in time for what it was asked for.
    """

    stage: Stage
    brought: dict[str, Any]
    agrees: bool
    question: str

    async def used(
        self, *, door: Door | None = None, arguments: Arguments | None = None, **other: Any
    ) -> dict[str, Any] | Asked:
        """What the second call is answered with."""
        stage = self.stage
        given = {**(stage.arguments if arguments is None else arguments)}
        brought = {**self.brought, **other}
        if "confirmation_token" in brought:
            given["confirmation_token"] = brought.pop("confirmation_token")
        said = await one_round(door or stage.door, stage.action.tool, given, **brought)
        if isinstance(said, Asked):
            return said
        assert not said.is_error, said.text
        return said.data

    async def told(self, **how: Any) -> dict[str, Any]:
        """The same, where nothing is asked."""
        said = await self.used(**how)
        assert isinstance(said, dict), said
        return said


def with_token(stage: Stage, said: dict[str, Any]) -> Approval:
    """The token in a result, and a user who agrees to the second call."""
    return Approval(
        stage, {"confirmation_token": said["confirmation_token"]}, True, said["question"]
    )


async def by_token(stage: Stage) -> Approval:
    """The first call, in a host that shows no form: it changes nothing and returns a token."""
    said = await stage.door.done(stage.action.tool, **stage.arguments)
    await stage.nothing_was_done(said, "confirmation_required")
    assert said["expires_at"]
    return with_token(stage, said)


async def by_form(stage: Stage, said: Asked | None = None) -> Approval:
    """The first call on 2026-07-28, whose form the host shows; its answer comes with the next."""
    if said is None:
        first = await one_round(stage.door, stage.action.tool, stage.arguments)
        assert isinstance(first, Asked), first
        said = first
    # The question is made older, which is the same as an answer that takes its time.
    make_older(stage.state, stage.kind.seconds)
    answer = await stage.host.answer(said.form)
    brought = {"state": said.state, "answers": {"confirm": answer}}
    return Approval(stage, brought, stage.kind.agrees, said.form.message)


def refused_as(stage: Stage) -> str:
    """The status after an answer that is not a yes."""
    return "expired" if stage.kind.silent else "declined"


Ask = Callable[[Stage], Awaitable[Approval]]


async def plain(stage: Stage, ask: Ask) -> None:
    """Asked, and answered: done if that is a yes."""
    approval = await ask(stage)
    said = await approval.told()
    if approval.agrees:
        await stage.done_once(said)
    else:
        await stage.nothing_was_done(said, refused_as(stage))


async def other_arguments(stage: Stage, ask: Ask) -> None:
    """The second call wants something else: whatever the answer was, it was not to that."""
    approval = await ask(stage)
    said = await approval.told(arguments=stage.instead)
    await stage.nothing_was_done(said, "token_rejected")
    if stage.kind.seems_to_ask:
        assert "confirmation_token" not in said
    else:
        assert said["confirmation_token"] != approval.brought["confirmation_token"]


async def changed_record(stage: Stage, ask: Ask) -> None:
    """What was shown is no longer so: the question is put again, and a yes to that one counts."""
    approval = await ask(stage)
    await changed_elsewhere(stage)
    said = await approval.used()
    if not approval.agrees:
        assert isinstance(said, dict), said
        await stage.nothing_was_done(said, refused_as(stage))
        return
    assert await stage.sent() == []
    if isinstance(said, Asked):
        fresh = await by_form(stage, said)
    else:
        await stage.nothing_was_done(said, "confirmation_required")
        # A host that seems to show forms is asked again by a call without the token.
        assert ("confirmation_token" in said) is not stage.kind.seems_to_ask
        new = "confirmation_token" in said
        fresh = with_token(stage, said) if new else await by_token(stage)
    await stage.done_once(await fresh.told())


async def deleted_record(stage: Stage, ask: Ask) -> None:
    """It is gone: an error, or for a send a new question, because a stranger would get it."""
    approval = await ask(stage)
    await at_sent(stage.door, "DELETE", f"/v3/contacts/{stage.contact_id}")
    await stage.door.forget()
    brought = {**approval.brought}
    given = stage.arguments | (
        {"confirmation_token": brought.pop("confirmation_token")}
        if "confirmation_token" in brought
        else {}
    )
    said = await one_round(stage.door, stage.action.tool, given, **brought)
    assert await stage.sent() == []
    if stage.action.tool != "send_message":
        assert not isinstance(said, Asked)
        assert said.is_error, said.text
        assert said.text.startswith("RESOURCE_001"), said.text
    elif approval.agrees:
        assert isinstance(said, Asked) or said.data["status"] == "confirmation_required"


async def used_twice(stage: Stage, ask: Ask) -> None:
    """An approval acts once and then tells; a refusal does not become a yes afterwards."""
    approval = await ask(stage)
    first = await approval.told()
    again = {} if approval.agrees else {"answers": {"confirm": YES}}
    second = await approval.told(**again)
    if approval.agrees:
        assert first["status"] == stage.action.done
        await stage.told_again(second)
    else:
        assert first["status"] == refused_as(stage)
        await stage.nothing_was_done(second, "expired")


async def too_late(stage: Stage, ask: Ask) -> None:
    """A yes after the question's time is none; a refusal is one at any time."""
    approval = await ask(stage)
    make_older(stage.state, LONG_AGO)
    said = await approval.told()
    agreed = approval.agrees or stage.kind.silent
    await stage.nothing_was_done(said, "expired" if agreed else "declined")
    assert ("confirmation_token" in said) is not stage.kind.seems_to_ask
    if "confirmation_token" in said:
        await stage.done_once(await with_token(stage, said).told())


async def two_servers(stage: Stage, ask: Ask) -> None:
    """Asked by one server and answered to another: what one has taken, the other only tells."""
    approval = await ask(stage)
    first = await approval.told(door=stage.second)
    again = {} if approval.agrees else {"answers": {"confirm": YES}}
    second = await approval.told(**again)
    if approval.agrees:
        assert first["status"] == stage.action.done
        await stage.told_again(second)
    else:
        assert first["status"] == refused_as(stage)
        await stage.nothing_was_done(second, "expired")


async def by_the_clients_rounds(stage: Stage, ask: Ask) -> None:
    """On 2026-07-28 a client makes the rounds by itself."""
    await in_one_call(stage, plain)


async def changed_between_the_rounds(stage: Stage, ask: Ask) -> None:
    """The same, and the record changes while the form is open."""
    await in_one_call(stage, changed_record)


async def mode_ask(stage: Stage, ask: Ask) -> None:
    """Only a form counts, and without one nothing can be done."""
    if stage.kind is FAILS and stage.era == MODERN:
        await unanswered(stage)
        return
    if stage.era not in stage.kind.falls_back:
        await in_one_call(stage, plain)
        return
    made_up = {"confirmation_token": "delete " + SEEDED + " cf_" + "A" * 34}
    for token in ({}, made_up):
        said = await stage.door.done(stage.action.tool, **stage.arguments, **token)
        await stage.nothing_was_done(said, "cannot_confirm")
        assert "confirmation_token" not in said


async def mode_token(stage: Stage, ask: Ask) -> None:
    """It is always two calls; no form is shown."""
    await plain(stage, by_token)
    assert stage.host.forms == []


async def mode_off(stage: Stage, ask: Ask) -> None:
    """Nobody is asked."""
    await stage.done_once(await stage.door.done(stage.action.tool, **stage.arguments))
    assert stage.host.forms == []


async def changed_elsewhere(stage: Stage) -> None:
    """Somebody else gives the contact another default channel; that is not in the log."""
    path = f"/v3/contacts/{stage.contact_id}"
    await at_sent(stage.door, "PATCH", path, {"default_channel": "whatsapp"})
    await stage.door.forget()


Circumstance = Callable[[Stage, Ask], Awaitable[None]]
CIRCUMSTANCES: tuple[Circumstance, ...] = (
    plain,
    other_arguments,
    changed_record,
    deleted_record,
    used_twice,
    too_late,
    two_servers,
    by_the_clients_rounds,
    changed_between_the_rounds,
    mode_ask,
    mode_token,
    mode_off,
)
MODES: dict[Circumstance, str] = {mode_ask: "ask", mode_token: "token", mode_off: "off"}
CREATIONS = ("create_contact", "import_contacts")
OF_THE_CLIENT = (by_the_clients_rounds, changed_between_the_rounds)
CHANGED = (changed_record, deleted_record, changed_between_the_rounds)


async def in_one_call(stage: Stage, circumstance: Circumstance) -> None:
    """The handshake era: the form is shown, and answered, while the call is open."""
    at_each_form: list[list[str]] = []

    async def meanwhile() -> None:
        if circumstance is changed_record:
            await changed_elsewhere(stage)
        if circumstance is deleted_record:
            await at_sent(stage.door, "DELETE", f"/v3/contacts/{stage.contact_id}")
            await stage.door.forget()
        at_each_form.append(await stage.sent())

    stage.host.meanwhile = meanwhile
    said = await stage.door.call(stage.action.tool, **stage.arguments)
    assert at_each_form == [[]]
    if not stage.kind.agrees:
        await stage.nothing_was_done(said.data, refused_as(stage))
        assert len(stage.host.forms) == 1
    elif circumstance is deleted_record and stage.action.tool != "send_message":
        assert said.text.startswith("RESOURCE_001"), said.text
        assert await stage.sent() == []
    else:
        await stage.done_once(said.data)
        assert len(stage.host.forms) == (1 if circumstance is plain else 2)


async def unanswered(stage: Stage) -> None:
    """On 2026-07-28 a host that fails calls no second time, so nothing can be done."""
    with pytest.raises(MCPError, match="no window"):
        await stage.door.call(stage.action.tool, **stage.arguments)
    assert await stage.sent() == []


@dataclass(frozen=True)
class Cell:
    """One combination."""

    era: str
    kind: Kind
    action: Action
    circumstance: Circumstance

    @property
    def id(self) -> str:
        """As it is shown in a report."""
        era = "handshake" if self.era == HANDSHAKE else self.era
        circumstance = self.circumstance.__name__.replace("_", "-")
        return f"{era}-{self.kind.name}-{self.action.name}-{circumstance}"

    @property
    def left_out(self) -> str | None:
        """Why this combination makes no sense; None for one that does."""
        if self.circumstance in CHANGED and self.action.tool in CREATIONS:
            return "before a creation there is no record to show"
        if self.circumstance in (mode_token, mode_off) and self.kind not in (PLAIN, ACCEPTS):
            return "in this mode no form is shown, so the hosts that show forms are all alike"
        if self.circumstance is mode_ask and self.kind.seconds:
            return "a host that takes its time is like one that declines, in this mode too"
        if self.circumstance in MODES:
            return None
        return self._left_out_where_forms_count

    @property
    def _left_out_where_forms_count(self) -> str | None:
        if self.kind.seconds and self.waits and self.circumstance in CHANGED:
            return (
                "a host that takes its time is like one that declines, whatever happens meanwhile"
            )
        if self.circumstance in OF_THE_CLIENT and not self.asks_between_calls:
            return "where the question is no answer to a call, a client has no rounds to make"
        if self.falls_back:
            return None
        if self.kind is FAILS and self.circumstance is not plain:
            return "a host that fails brings no answer, so there is no second call"
        if self.era == HANDSHAKE and self.circumstance not in (plain, *CHANGED):
            return "a form in an open call leaves nothing that a second call could bring"
        return None

    @property
    def falls_back(self) -> bool:
        """Whether the server sees that no form was shown."""
        return self.era in self.kind.falls_back

    @property
    def waits(self) -> bool:
        """Whether the time a host takes really passes."""
        return self.era == HANDSHAKE or self.circumstance in OF_THE_CLIENT

    @property
    def asks_between_calls(self) -> bool:
        """Whether the question is the answer to a call."""
        return self.era == MODERN and not self.falls_back

    async def play(self, stage: Stage) -> None:
        """Do it."""
        if self.falls_back:
            await self.circumstance(stage, by_token)
        elif self.circumstance in MODES:
            await self.circumstance(stage, by_form)
        elif self.kind is FAILS:
            await unanswered(stage)
        elif self.era == HANDSHAKE:
            await in_one_call(stage, self.circumstance)
        else:
            await self.circumstance(stage, by_form)


def combinations() -> Iterator[Cell]:
    """All of them."""
    for era, kind, action, circumstance in product(ERAS, KINDS, ACTIONS, CIRCUMSTANCES):
        yield Cell(era, kind, action, circumstance)


CELLS: Sequence[Cell] = [cell for cell in combinations() if cell.left_out is None]
LEFT_OUT = {cell.id: cell.left_out for cell in combinations() if cell.left_out is not None}


def test_the_matrix_has_all_its_cells(capsys: pytest.CaptureFixture[str]) -> None:
    """Each host does each action in each era, and what is left out is left out for a reason."""
    whole = len(ERAS) * len(KINDS) * len(ACTIONS) * len(CIRCUMSTANCES)
    assert len({cell.id for cell in CELLS} | LEFT_OUT.keys()) == whole
    played = {(cell.era, cell.kind.name, cell.action.name) for cell in CELLS}
    assert len(played) == len(ERAS) * len(KINDS) * len(ACTIONS)
    assert {cell.circumstance for cell in CELLS} == set(CIRCUMSTANCES)
    reasons = Counter(LEFT_OUT.values())
    with capsys.disabled():
        sys.stdout.write(f"\n{len(CELLS)} cells of {whole}; left out:\n")
        sys.stdout.writelines(f"{count:5} {why}\n" for why, count in reasons.most_common())


async def ten_before(door: Door) -> None:
    """Ten contacts are created, which nobody is asked about."""
    for number in range(10):
        given = {"phone_number": f"+141555520{number:02d}"}
        said = await door.client.call_tool("create_contact", given)
        assert (said.structured_content or {})["status"] == "created"


async def found(door: Door, number: str) -> str:
    """The id of the contact with this number."""
    answer = await at_sent(door, "GET", f"/v3/contacts?phone={quote(number)}")
    return answer["data"]["contacts"][0]["id"]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
async def test_nothing_reaches_sent_without_a_yes_to_exactly_that(
    app: Starlette, state: Path, cell: Cell
) -> None:
    """And with one exactly one request does; of an import one for each number."""
    host, mode = Host(cell.kind), MODES.get(cell.circumstance, "auto")
    async with AsyncExitStack() as opened:

        async def server() -> Door:
            connected = host.before(app, state, cell.era, confirm=mode)
            return await opened.enter_async_context(connected)

        door = await server()
        second = await server() if cell.circumstance is two_servers else door
        if cell.action.eleventh:
            await ten_before(door)
        ids = [await found(door, number) for number in (cell.action.number, OTHER)]
        await door.forget()
        await cell.play(Stage(door, second, host, cell.era, cell.action, state, *ids))

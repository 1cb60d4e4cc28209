"""One cell of the matrix set up, and how approvals are asked for and brought."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.door import Door
from tests.guard.hosts import Asked, Host, Kind, one_round
from tests.guard.matrix_actions import Action, Arguments

TOLD = "Nothing was done again."


@dataclass
class Stage:
    """One cell set up: the host before its server, the action with its ids, and a second server.

    `grow_older` makes every question that waits older by so many seconds.
    """

    door: Door
    second: Door
    host: Host
    era: str
    action: Action
    grow_older: Callable[[float], None]
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
    stage.grow_older(stage.kind.seconds)
    answer = await stage.host.answer(said.form)
    brought = {"state": said.state, "answers": {"confirm": answer}}
    return Approval(stage, brought, stage.kind.agrees, said.form.message)


def refused_as(stage: Stage) -> str:
    """The status after an answer that is not a yes."""
    return "expired" if stage.kind.silent else "declined"

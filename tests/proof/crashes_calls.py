"""The calls of a host whose server dies, and what is counted of them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.proof.crashes_actions import Action
from tests.proof.faults_host import Host
from tests.proof.hosts import YES, Reply
from tests.proof.model import Wrong
from tests.proof.report import Row

Json = dict[str, Any]
SECONDS = 20.0
"""What any call may take after a restart; what blocks, blocks longer."""
DONE = {"send": ("accepted",), "delete": ("deleted",), "lift": ("updated", "unchanged")}


@dataclass
class Log:
    """What came of all kills, and how long things take when nobody is killed.

    `moments` counts where the kills came: `not arrived`, where Sent did not get in time what was
    waited for; `started`, where the server was faster than its kill.
    """

    seed: int
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    moments: Counter[str] = field(default_factory=Counter[str])
    after: Counter[str] = field(default_factory=Counter[str])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    wrong: list[str] = field(default_factory=list[str])

    def row(self) -> Row:
        """All of them."""
        known = ", ".join(f"{count} {name}" for name, count in self.moments.most_common())
        found = ", ".join(f"{count} {name}" for name, count in self.after.most_common())
        return Row(
            part="crashes",
            what="kill -9 during guarded changes",
            tried=self.kills,
            survived=max(0, self.kills - len(self.wrong)),
            lost=self.lost,
            doubled=self.doubled,
            figures=f"{known}; the same again: {found}",
            wrong=tuple(self.wrong),
        )


@dataclass
class Approved:
    """What approves an action: a token, or the state of a form that was agreed to."""

    token: str | None
    state: str | None

    @property
    def brought(self) -> Json:
        """As it comes with the next call, besides its arguments."""
        if self.state is None:
            return {}
        return {"requestState": self.state, "inputResponses": {"confirm": YES}}

    @property
    def arguments(self) -> Json:
        """The same among its arguments."""
        return {} if self.token is None else {"confirmation_token": self.token}


async def ask(host: Host, action: Action, form: bool) -> Reply:
    """Call it without any approval; on a busy machine there may be no time for the question."""
    return await _in_time(host, action.tool, action.arguments, ask=form)


async def asked(host: Host, action: Action, form: bool) -> Approved:
    """The approval of what is asked; everybody says yes. Raises Wrong."""
    reply = await ask(host, action, form)
    approved = approval(reply)
    if approved is None:
        raise Wrong(f"nothing was asked: {reply.text}")
    return approved


def approval(reply: Reply) -> Approved | None:
    """What approves it, where something is asked."""
    found = Approved(reply.token, reply.state)
    return found if found.token or found.state else None


async def used(host: Host, action: Action, approved: Approved) -> Reply:
    """Call it with an approval; nor may there be time to act on it."""
    given = {**action.arguments, **approved.arguments}
    ask = approved.state is not None
    return await _in_time(host, action.tool, given, ask=ask, **approved.brought)


async def _in_time(host: Host, tool: str, arguments: Json, *, ask: bool, **brought: Any) -> Reply:
    """The answer of one of three calls: after a `TIMEOUT` the same is tried again.

    Whatever was begun in it goes on, and the same approval is good for that alone.
    """
    for _ in range(2):
        reply = await host.call(tool, arguments, SECONDS, ask=ask, **brought)
        if reply.status != "TIMEOUT":
            return reply
    return await host.call(tool, arguments, SECONDS, ask=ask, **brought)


def is_done(action: Action, reply: Reply) -> bool:
    """Whether an answer says that all of it was done."""
    if action.kind == "import":
        remaining = reply.data.get("remaining")
        return reply.status in ("imported", "unchanged") and not remaining
    return reply.status in DONE[action.kind]

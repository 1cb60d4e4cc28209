"""What happens between a question and its answer, and what must come of it."""

from collections.abc import Awaitable, Callable

import pytest
from mcp.shared.exceptions import MCPError

from tests.door import SEEDED
from tests.guard.hosts import FAILS, MODERN, YES, Asked, at_sent, one_round, rejected
from tests.guard.matrix_stages import Approval, Stage, by_form, by_token, refused_as, with_token

LONG_AGO = 301.0
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
    if "state" in approval.brought:
        await rejected(stage.door, stage.action.tool, stage.instead, **approval.brought)
        assert await stage.sent() == []
        return
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
    stage.grow_older(LONG_AGO)
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

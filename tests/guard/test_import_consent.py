"""What nobody agreed to is asked about when it goes on; how an import is told of and logged."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from tests.door import Door, opened
from tests.guard.hosts import ACCEPTS, DECLINES, ERAS, HANDSHAKE, Host, Kind
from tests.importing import CLOSED, TOOL, add_up, are_contacts, fault, fresh, posts

WAITING = "waiting for the user's answer"
Told = list[tuple[float, float | None, str | None]]


async def begun_unasked(app: Starlette, state: Path, **trouble: Any) -> dict[str, Any]:
    """An import of 30 that a server with SENT_MCP_CONFIRM=off began and did not finish."""
    async with opened(app, state, confirm="off", **trouble) as door:
        if not trouble:
            await door.faults(fault(422, 2), CLOSED)
        said = await door.done(TOOL, phone_numbers=fresh(30))
        await door.faults()
    assert said["status"] == "partial"
    assert said["remaining"] >= 11
    assert said["message"].endswith(" UTC this import can go on, and may be asked about then.")
    return said


@pytest.mark.parametrize("trouble", [{}, {"requests_per_minute": 20}])
async def test_what_was_begun_without_asking_does_not_go_on_unasked(
    app: Starlette, state: Path, trouble: dict[str, Any]
) -> None:
    """Where only a form would do, it cannot at all; elsewhere it is asked about."""
    said = await begun_unasked(app, state, **trouble)
    given, left = {"import_id": said["import_id"]}, said["remaining"]
    async with opened(app, state, confirm="ask") as door:
        await door.forget()
        stopped = await door.done(TOOL, **given)
        assert stopped["status"] == "cannot_confirm"
        assert stopped["message"].startswith("Nothing was created. ")
        assert f"Create up to {left} contacts?" in stopped["question"]
        assert await posts(door) == []
    async with opened(app, state, confirm="auto") as door:
        asked = await door.call(TOOL, **given)
        assert asked.data["status"] == "confirmation_required"
        assert await posts(door) == []
        done = await door.done(TOOL, **given, confirmation_token=asked.token)
        assert done["status"] == "imported"
        assert len(await posts(door)) == left


@pytest.mark.parametrize("confirm", ["auto", "ask"])
@pytest.mark.parametrize("era", ERAS)
async def test_what_was_begun_without_asking_is_asked_about_in_a_form(
    app: Starlette, state: Path, era: str, confirm: str
) -> None:
    """A no leaves it; a yes to it is good for all that is left."""
    given = {"import_id": (await begun_unasked(app, state))["import_id"]}
    for kind, status in ((DECLINES, "declined"), (ACCEPTS, "imported")):
        host = Host(kind)
        async with host.before(app, state, era, confirm=confirm) as door:
            await door.forget()
            assert (await door.done(TOOL, **given))["status"] == status
            assert len(host.forms) == 1
            assert len(await posts(door)) == (28 if kind is ACCEPTS else 0)


async def test_what_was_agreed_to_in_the_middle_goes_on_without_another_question(
    app: Starlette, state: Path
) -> None:
    """Also in a server that never asks, which does not make it less agreed to."""
    given = {"import_id": (await begun_unasked(app, state))["import_id"]}
    async with opened(app, state) as door:
        token = (await door.call(TOOL, **given)).token
        await door.faults(CLOSED)
        said = await door.done(TOOL, **given, confirmation_token=token)
        assert said["message"].endswith(" UTC this import can go on without another question.")
    async with opened(app, state, confirm="off") as door:
        assert (await door.done(TOOL, **given))["status"] == "partial"
        await door.faults()
    async with opened(app, state, confirm="ask") as door:
        assert add_up(await door.done(TOOL, **given)) == {"created": 28, "failed": 2}


async def told_by(door: Door, **given: Any) -> tuple[Told, dict[str, Any]]:
    """The progress of an import, and its result."""
    told: Told = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    answer = await door.client.call_tool(TOOL, given, progress_callback=listen)
    said = answer.structured_content
    assert said is not None, answer
    return told, said


async def test_progress_goes_on_rising_after_the_users_answer(app: Starlette, state: Path) -> None:
    """The wait was one step, which the total counts; each number is one, and the last is all."""
    async with Host(ACCEPTS).before(app, state, HANDSHAKE) as door:
        told, said = await told_by(door, phone_numbers=fresh(12))
    assert add_up(said) == {"created": 12}
    steps = [(1 + n, 13, f"{n} of 12 numbers imported") for n in range(1, 13)]
    assert told == [(1, None, WAITING), *steps]


@pytest.mark.parametrize("kind", [ACCEPTS, Kind("without-forms", None)])
async def test_what_fails_for_a_while_is_no_step(app: Starlette, state: Path, kind: Kind) -> None:
    """Nor one that is told twice; a number that failed for good is decided like any other."""
    async with Host(kind).before(app, state, HANDSHAKE) as door:
        listed: dict[str, Any] = {"phone_numbers": fresh(12)}
        if kind.answer is None:
            listed["confirmation_token"] = (await door.call(TOOL, **listed)).token
        await door.faults(fault(422, 3), fault(403, 2))
        told, said = await told_by(door, **listed)
    waited = 1 if kind.answer else 0
    assert add_up(said) == {"created": 7, "failed": 5}
    assert told[:waited] == [(1, None, WAITING)][:waited]
    steps = [step for step, *_ in told]
    assert steps == sorted(set(steps))
    assert {total for _, total, _ in told[waited:]} == {12 + waited}
    assert {text for _, _, text in told[waited:]} <= {
        f"{n} of 12 numbers imported" for n in range(13)
    }
    assert told[-1] == (12 + waited, 12 + waited, "12 of 12 numbers imported")


async def test_the_audit_log_holds_no_text_of_a_list_without_a_number(
    app: Starlette, state: Path, tmp_path: Path
) -> None:
    """What is no number may be a name, an address, or a number after all."""
    file = tmp_path / "audit.jsonl"
    listed = ["Anna Ruiz", "415-555-0102x123", "Hauptstr. 5"]
    async with opened(app, state, audit_log=str(file)) as door:
        said = await door.done(TOOL, phone_numbers=listed)
        assert said["status"] == "unchanged"
        await door.done(TOOL, phone_numbers=[*listed, *fresh(2)])
        await door.done(TOOL, phone_numbers=[*listed, *fresh(12)])
        assert await are_contacts(door, fresh(12)) == 2
    text = await anyio.Path(file).read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["outcome"] for line in lines] == ["unchanged", "imported", "confirmation_required"]
    assert lines[0]["target"] == "3 entries"
    for shown in ("Anna", "Ruiz", "Haupt", "415-", "0102", "x123", "555"):
        assert not any(shown in line["target"] for line in lines), shown
    assert not any(each in text for each in (*listed, *fresh(12)))

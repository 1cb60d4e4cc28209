"""Completion: a few values for what is typed, one request at most, and never an error."""

from pathlib import Path
from typing import Any

import anyio
import mcp_types as mcp
import pytest
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.requests import Request

from tests.door import SEEDED, Door, opened
from tests.guard.hosts import ERAS
from tests.resources.reader import CONTACT, ERROR, completed
from tests.tools.test_odd_answers import Edited

every_era = pytest.mark.parametrize("era", ERAS)
DOWN: dict[str, object] = {
    "match": "GET /v3/contacts",
    "times": 99,
    "kind": "status",
    "status": 503,
}


@every_era
async def test_an_id_is_found_by_its_beginning(app: Starlette, state: Path, era: str) -> None:
    """Among the newest hundred, in one request."""
    async with opened(app, state, mode=era) as door:
        newest = (await door.done("list_contacts", page_size=100))["contacts"]
        wanted = next(each["id"] for each in newest if each["id"][0].isalpha())
        await door.forget()
        found = await completed(door, CONTACT, wanted[:6].upper())
        assert (found.values, found.has_more) == ([wanted], False)
        assert len(await door.log()) == 1


@pytest.mark.parametrize("typed", ["+14155550102", "4155550102", "+1 (415) 555-0102", " 55550102 "])
async def test_an_id_is_found_by_digits_of_the_number(door: Door, typed: str) -> None:
    """In any spelling; the answer has the id and no number."""
    wanted = await door.contact()
    await door.forget()
    assert (await completed(door, CONTACT, typed)).values == [wanted]
    assert len(await door.log()) == 1


async def test_there_are_never_more_than_ten(door: Door) -> None:
    """More letters find the others."""
    found = await completed(door, CONTACT, "+1")
    assert (len(found.values), found.has_more) == (10, True)
    codes = await completed(door, ERROR, "")
    assert (len(codes.values), codes.has_more) == (10, True)


@pytest.mark.parametrize("typed", ["", "4", " 4 ", "+", "x" * 65, "1" * 100_000])
async def test_nobody_is_asked_for_too_little_or_too_much(door: Door, typed: str) -> None:
    """One digit would bring up anybody."""
    assert (await completed(door, CONTACT, typed)).values == []
    assert await door.log() == []


@pytest.mark.parametrize("typed", ["../", "%2e", "' OR 1=1", "zz", "(((", "\u0664\u0661\u0665"])
async def test_nonsense_finds_nobody(door: Door, typed: str) -> None:
    """And breaks nothing."""
    assert (await completed(door, CONTACT, typed)).values == []


@every_era
async def test_a_code_is_found_by_its_beginning(app: Starlette, state: Path, era: str) -> None:
    """In capitals or not, and nobody is asked."""
    async with opened(app, state, mode=era) as door:
        found = await completed(door, ERROR, "auth_00")
        assert found.values == [f"AUTH_00{n}" for n in range(1, 8)]
        assert (await completed(door, ERROR, "nonsense")).values == []
        assert await door.log() == []


@every_era
async def test_an_api_that_is_down_is_no_error(app: Starlette, state: Path, era: str) -> None:
    """Nor is it asked again: the next letter will."""
    async with opened(app, state, mode=era) as door:
        await door.faults(DOWN)
        assert (await completed(door, CONTACT, "+1415")).values == []
        assert len(await door.log()) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage", "truncate"])
async def test_nor_is_an_answer_that_is_none(door: Door, kind: str) -> None:
    """Whatever came of it."""
    await door.faults({"match": "GET /v3/contacts", "times": 99, "kind": kind})
    assert (await completed(door, CONTACT, "+1415")).values == []


async def test_nobody_waits_for_a_slow_one(door: Door) -> None:
    """Three seconds at most."""
    await door.faults({"match": "GET /v3/contacts", "kind": "delay", "seconds": 30})
    with anyio.fail_after(10):
        assert (await completed(door, CONTACT, "+1415")).values == []


async def test_it_leaves_a_quarter_of_the_budget_to_the_tools(app: Starlette, state: Path) -> None:
    """And does not wait for room."""
    async with opened(app, state, requests_per_minute=8, call_timeout=2) as door:
        found = [bool((await completed(door, CONTACT, "+1415")).values) for _ in range(8)]
        assert found == [True] * 6 + [False] * 2
        assert len(await door.log()) == 6
        await door.done("list_contacts")


async def test_without_a_key_there_is_nothing(app: Starlette, state: Path) -> None:
    """A host asks with every letter."""
    async with opened(app, state, api_key=None) as door:
        assert (await completed(door, CONTACT, "+1415")).values == []


async def test_what_cannot_be_shown_as_it_is_is_no_value(app: Starlette, state: Path) -> None:
    """An id that is a number, where these are masked, or one with invisible characters."""
    ids = iter([SEEDED, "a\u202eb", "a\nb", 'a"b', "plain"])

    def edit(request: Request, data: Any) -> None:
        for contact, other in zip(data.get("contacts", []), ids, strict=False):
            contact["id"] = other

    async with opened(Edited(app, edit), state, mask_phones=True) as door:
        found = await completed(door, CONTACT, "+1415555010")
    assert found.values[0] == "plain"
    assert len(found.values) == 6


async def test_what_does_not_exist_is_refused(door: Door) -> None:
    """As the specification has it; an argument without completion is just not completed."""
    given = {"name": "contact_id", "value": "+1415"}
    for ref in (
        mcp.ResourceTemplateReference(uri="sent://messages/{message_id}"),
        mcp.PromptReference(name="nothing"),
    ):
        with pytest.raises(MCPError) as caught:
            await door.client.complete(ref, given)
        assert caught.value.error.code == -32602
    for uri in (ERROR, "sent://errors"):
        answer = await door.client.complete(mcp.ResourceTemplateReference(uri=uri), given)
        assert answer.completion.values == []
    assert await door.log() == []

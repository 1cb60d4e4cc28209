"""A contact at an address: what `get_contact` shows, with its limits and its words."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened
from tests.guard.hosts import ERAS, HANDSHAKE, MODERN
from tests.resources.reader import CONTACT, ERROR, NOBODY, read, unreadable
from tests.tools.test_odd_answers import Edited, contacts_with

every_era = pytest.mark.parametrize("era", ERAS)
NOT_FOUND = {HANDSHAKE: -32002, MODERN: -32602}
INTERNAL = -32603
DOWN: dict[str, object] = {
    "match": "GET /v3/contacts",
    "times": 99,
    "kind": "status",
    "status": 503,
}


@every_era
async def test_it_is_what_get_contact_shows(app: Starlette, state: Path, era: str) -> None:
    """The same fields, one request, and nothing that may be kept."""
    async with opened(app, state, mode=era) as door:
        contact_id = await door.contact()
        shown = await door.done("get_contact", contact_id=contact_id)
        await door.forget()
        assert await read(door, f"sent://contacts/{contact_id}") == shown["contact"]
        assert [r["path"] for r in await door.log()] == [f"/v3/contacts/{contact_id}"]
        answer = await door.client.read_resource(f"sent://contacts/{contact_id}")
        assert (answer.ttl_ms, answer.cache_scope) == (0, "private")


async def test_masked_it_shows_no_number(app: Starlette, state: Path) -> None:
    """Neither in another format nor in what somebody wrote beside it; the id stays."""
    noted = contacts_with(metadata={"home": "+1 (415) 555-0102"})
    async with opened(Edited(app, noted), state, mask_phones=True) as door:
        contact_id = await door.contact()
        shown = await door.done("get_contact", contact_id=contact_id)
        found = await read(door, f"sent://contacts/{contact_id}")
    assert found == shown["contact"]
    assert (found["id"], found["phone_number"]) == (contact_id, "+1415*****02")
    assert not {name for name in found if name.startswith("format_")}
    assert "555" not in json.dumps(found).replace(contact_id, "")


@every_era
@pytest.mark.parametrize("nobody", [NOBODY, "no-such-id", "14155550102", "x" * 64])
async def test_nobodys_id_is_not_found(app: Starlette, state: Path, era: str, nobody: str) -> None:
    """With the code of its era, the address, and what to do instead."""
    uri = f"sent://contacts/{nobody}"
    async with opened(app, state, mode=era) as door:
        error = await unreadable(door, uri)
    assert error.code == NOT_FOUND[era]
    code = error.message.partition(":")[0]
    assert code in ("RESOURCE_001", "VALIDATION_003")
    assert error.data == {"code": code, "uri": uri}
    assert "Nothing was changed or sent." in error.message
    assert "list_contacts" in error.message


ODD = [
    "sent://contacts/",
    "sent://contacts",
    "sent://contacts/..",
    "sent://contacts/../messages",
    "sent://contacts/%2e%2e",
    "sent://contacts/%2e%2e%2fme",
    "sent://contacts/a/b",
    "sent://contacts/a/",
    "sent://contacts//a",
    "sent://contacts/a b",
    "sent://contacts/a%20b",
    "sent://contacts/a?b=c",
    "sent://contacts/a#b",
    "sent://contacts/a\n",
    "sent://contacts/a\u202eb",
    "sent://contacts/\u0661\u0662",
    "sent://contacts/+14155550102",
    "sent://contacts/" + "x" * 65,
    "sent://contacts/{contact_id}",
    "SENT://contacts/a",
    "sent:/contacts/a",
    "http://contacts/a",
    "file:///etc/passwd",
    "sent://messages/a",
    "x" * 100_000,
    "",
]


@every_era
async def test_an_odd_address_is_refused_here(app: Starlette, state: Path, era: str) -> None:
    """No path is made of it, nothing is decoded, and what it says stands quoted and cut."""
    async with opened(app, state, mode=era) as door:
        for uri in ODD:
            error = await unreadable(door, uri)
            assert error.code == NOT_FOUND[era], uri
            assert error.message.startswith('UNKNOWN_RESOURCE: there is no resource "')
            assert "\n" not in error.message
            assert "\u202e" not in error.message
            assert len(error.message) < 400
        assert await door.log() == []


async def test_masked_an_odd_address_is_not_repeated_as_a_number(
    app: Starlette, state: Path
) -> None:
    """The refusal may be read by the model."""
    async with opened(app, state, mask_phones=True) as door:
        error = await unreadable(door, f"sent://contacts/{SEEDED}")
    assert SEEDED[1:] not in error.message + json.dumps(error.data)
    assert "+1415*****02" in error.message


@every_era
async def test_what_sent_says_is_told_as_a_tool_tells_it(
    app: Starlette, state: Path, era: str
) -> None:
    """As an error of the protocol, for it has no other."""
    async with opened(app, state, mode=era, call_timeout=2) as door:
        contact_id = await door.contact()
        await door.faults(DOWN)
        error = await unreadable(door, f"sent://contacts/{contact_id}")
        said = await door.refused("get_contact", contact_id=contact_id)
    assert error.code == INTERNAL
    assert error.message.partition("(request")[0] == said.partition("(request")[0]
    assert error.data == {"code": said.partition(":")[0]}


async def test_a_silent_api_ends_in_time(app: Starlette, state: Path) -> None:
    """In that of any call."""
    async with opened(app, state, call_timeout=2) as door:
        contact_id = await door.contact()
        await door.faults({"match": "GET /v3/contacts", "kind": "delay", "seconds": 30})
        error = await unreadable(door, f"sent://contacts/{contact_id}")
    assert (error.code, error.data) == (INTERNAL, {"code": "TIMEOUT"})


async def test_it_spends_the_same_budget(app: Starlette, state: Path) -> None:
    """And is refused where that is used up."""
    async with opened(app, state, requests_per_minute=2, call_timeout=2) as door:
        uri = f"sent://contacts/{await door.contact()}"
        await read(door, uri)
        error = await unreadable(door, uri)
        assert len(await door.log()) == 2
    assert (error.code, error.data) == (INTERNAL, {"code": "BUDGET_EXHAUSTED"})


async def test_without_a_key_it_says_so(app: Starlette, state: Path) -> None:
    """Like every tool; the templates are listed all the same."""
    async with opened(app, state, api_key=None) as door:
        error = await unreadable(door, f"sent://contacts/{NOBODY}")
        assert (await door.client.list_resource_templates()).resource_templates
    assert error.message.startswith("MISSING_KEY: SENT_API_KEY is not set.")


async def test_a_defect_of_ours_shows_nothing(
    app: Starlette, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its text nor what it was about."""

    def broken(*_: object) -> None:
        raise ValueError(f"about {SEEDED}")

    async with opened(app, state, mode=HANDSHAKE) as door:
        contact_id = await door.contact()
        monkeypatch.setattr("sent_mcp.resources.contacts.full", broken)
        error = await unreadable(door, f"sent://contacts/{contact_id}")
        monkeypatch.undo()
        assert await read(door, f"sent://contacts/{contact_id}")
    assert error.code == INTERNAL
    assert error.message.startswith("INTERNAL: a defect of sent-mcp, error ")
    assert SEEDED not in error.message
    assert error.data is None


async def test_what_is_listed_can_be_read(door: Door) -> None:
    """Contacts are not listed: who looks for one does not leaf through all of them."""
    listed = (await door.client.list_resources()).resources
    assert [each.uri for each in listed] == ["sent://errors"]
    templates = (await door.client.list_resource_templates()).resource_templates
    assert [each.uri_template for each in templates] == [CONTACT, ERROR]
    assert {each.mime_type for each in templates} == {"application/json"}
    assert await read(door, listed[0].uri)
    assert await door.log() == []

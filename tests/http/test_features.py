"""Resources, prompts and completion over HTTP: everybody's own account, and nobody else's."""

import json
from pathlib import Path

import pytest

from tests.door import KEY, SEEDED
from tests.http.test_passthrough import SECOND, WRONG, Seen, site_of
from tests.http.wire import ERAS, MODERN, Answer, Client, message
from tests.serving.wire import Message

both_eras = pytest.mark.parametrize("era", ERAS)
NEW = "+14155550160"


async def ask(client: Client, method: str, params: Message) -> Answer:
    """The answer to a request, whose target a new host also names in a field."""
    named = params.get("uri") or params.get("name")
    fields = {"Mcp-Name": str(named)} if client.era == MODERN and named else {}
    said = message(method, params, era=client.era)
    return await client.site.ask(client.bytes_of(said, **fields))


async def read(client: Client, contact_id: str) -> Answer:
    """The answer to reading a contact."""
    return await ask(client, "resources/read", {"uri": f"sent://contacts/{contact_id}"})


def completing(typed: str) -> Message:
    """The parameters of completing an id."""
    ref = {"type": "ref/resource", "uri": "sent://contacts/{contact_id}"}
    return {"ref": ref, "argument": {"name": "contact_id", "value": typed}}


@both_eras
async def test_each_caller_reads_their_own_contacts(home: Path, era: str) -> None:
    """One of two accounts has a contact that the other one lacks."""
    seen = Seen()
    async with site_of(home, seen) as (site, _):
        mine, other = site.bearer(KEY, era), site.bearer(SECOND, era)
        contact_id = (await mine.call("create_contact", phone_number=NEW))["contact"]["id"]
        (shown,) = (await read(mine, contact_id)).result["contents"]
        assert json.loads(shown["text"])["phone_number"] == NEW
        refused = await read(other, contact_id)
        assert refused.error["code"] == (-32602 if era == MODERN else -32002)
        assert refused.error["data"]["code"] == "RESOURCE_001"
        for client, values in ((mine, [contact_id]), (other, [])):
            found = (await ask(client, "completion/complete", completing(NEW))).result
            assert found["completion"]["values"] == values
    assert {each.get("x-api-key") for each in seen.fields} == {KEY, SECOND}


@both_eras
async def test_a_wrong_key_lists_and_is_told_at_the_first_read(home: Path, era: str) -> None:
    """Nobody is asked for the lists, the prompts and the catalogue."""
    seen = Seen()
    async with site_of(home, seen) as (site, _):
        wrong = site.bearer(WRONG, era)
        assert (await wrong.ask("resources/list")).result["resources"]
        assert len((await wrong.ask("prompts/list")).result["prompts"]) == 3
        given = {"name": "is_on_whatsapp", "arguments": {"phone_numbers": SEEDED}}
        assert (await ask(wrong, "prompts/get", given)).result["messages"]
        assert (await ask(wrong, "resources/read", {"uri": "sent://errors/AUTH_002"})).result
        assert seen.fields == []
        refused = await read(wrong, "abc")
        assert (refused.error["code"], refused.error["data"]) == (-32603, {"code": "AUTH_002"})
        found = (await ask(wrong, "completion/complete", completing(SEEDED))).result
        assert found["completion"]["values"] == []

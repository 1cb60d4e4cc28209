"""What one caller was allowed is worthless to another; budgets and limits are everybody's own."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.door import SEEDED
from tests.http.sites import (
    ANNA,
    BEN,
    TOKENS,
    Running,
    changes_of,
    inside,
    lines_of,
    log_of,
    reaching,
    started,
)
from tests.http.wire import ERAS, MODERN, Answer, Client, message
from tests.serving.wire import Message

both_eras = pytest.mark.parametrize("era", ERAS)
FORMS = "io.modelcontextprotocol/clientCapabilities"


@pytest.fixture
def audit(home: Path) -> Path:
    return home / "audit.jsonl"


@pytest.fixture
async def team(home: Path, url: str, audit: Path) -> AsyncGenerator[Running]:
    """A server for Anna and Ben."""
    variables = {**reaching(url, home / "state.sqlite"), "SENT_MCP_AUDIT_LOG": str(audit)}
    with started(home, **variables, **TOKENS) as site:
        yield site
    assert "Traceback" not in site.stderr


async def contact_of(client: Client) -> str:
    found = await client.call("find_contact_by_phone", phone_number=SEEDED)
    return found["contact"]["id"]


@both_eras
async def test_one_callers_token_is_worthless_to_another(
    team: Running, url: str, audit: Path, era: str
) -> None:
    """Anna asked; Ben cannot confirm; Anna still can, once. The audit log names both."""
    anna, ben = team.bearer(ANNA, era), team.bearer(BEN, era)
    contact_id = await contact_of(anna)
    asked = await anna.call("delete_contact", contact_id=contact_id)
    assert asked["status"] == "confirmation_required"
    given = {"contact_id": contact_id, "confirmation_token": asked["confirmation_token"]}
    rejected = await ben.call("delete_contact", **given)
    assert rejected["status"] == "token_rejected"
    assert "Nothing was deleted" in rejected["message"]
    assert await changes_of(url) == []
    assert (await anna.call("delete_contact", **given))["status"] == "deleted"
    assert "RESOURCE_001" in await ben.refused("delete_contact", **given)
    assert await changes_of(url) == [f"DELETE /v3/contacts/{contact_id}"]
    lines = await lines_of(audit, 4)
    assert [(line["caller"], line["outcome"]) for line in lines][:3] == [
        ("anna", "confirmation_required"),
        ("ben", "token_rejected"),
        ("anna", "deleted"),
    ]
    assert ANNA not in str(lines)


async def test_the_question_that_comes_with_a_rejection_is_bens_own(
    team: Running, url: str
) -> None:
    """He may act himself, with an approval of his own; Anna's is then for nothing."""
    anna, ben = team.bearer(ANNA), team.bearer(BEN)
    contact_id = await contact_of(anna)
    first = (await anna.call("delete_contact", contact_id=contact_id))["confirmation_token"]
    rejected = await ben.call("delete_contact", contact_id=contact_id, confirmation_token=first)
    own = {"contact_id": contact_id, "confirmation_token": rejected["confirmation_token"]}
    assert (await anna.call("delete_contact", **own))["status"] == "token_rejected"
    assert (await ben.call("delete_contact", **own))["status"] == "deleted"
    assert len(await changes_of(url)) == 1


async def one_round(client: Client, tool: str, brought: Message, **arguments: Any) -> Answer:
    """One round of 2026-07-28 as a host with forms sends it."""
    meta: Message = {FORMS: {"elicitation": {"form": {}}}}
    params = {"name": tool, "arguments": arguments, "_meta": meta, **brought}
    return await client.ask("tools/call", params)


async def once(client: Client, tool: str, brought: Message, **arguments: Any) -> Message:
    """The whole result of one."""
    return (await one_round(client, tool, brought, **arguments)).result


def answered(question: Message, answer: Message) -> Message:
    """What the same call is sent with again."""
    (key,) = question["inputRequests"]
    return {"requestState": question["requestState"], "inputResponses": {key: answer}}


YES: Message = {"action": "accept", "content": {"confirm": True}}
NO: Message = {"action": "decline"}


async def test_one_callers_sealed_state_is_worthless_to_another(team: Running, url: str) -> None:
    """Although the form was really answered, by somebody."""
    anna, ben = team.bearer(ANNA, MODERN), team.bearer(BEN, MODERN)
    contact_id = await contact_of(anna)
    question = await once(anna, "delete_contact", {}, contact_id=contact_id)
    assert question["resultType"] == "input_required"
    brought = answered(question, YES)
    stolen = await one_round(ben, "delete_contact", brought, contact_id=contact_id)
    assert stolen.refused == (400, -32602)
    assert stolen.error["data"] == {"code": "STATE_REJECTED"}
    assert await changes_of(url) == []
    done = await once(anna, "delete_contact", brought, contact_id=contact_id)
    assert done["structuredContent"]["status"] == "deleted"
    assert await changes_of(url) == [f"DELETE /v3/contacts/{contact_id}"]
    twice = await once(anna, "delete_contact", brought, contact_id=contact_id)
    assert "structuredContent" in twice
    assert len(await changes_of(url)) == 1


async def test_three_declines_of_one_do_not_silence_another(team: Running) -> None:
    """Whoever declines has had enough; nobody else has."""
    anna, ben = team.bearer(ANNA, MODERN), team.bearer(BEN, MODERN)
    contact_id = await contact_of(anna)
    for _ in range(3):
        question = await once(anna, "delete_contact", {}, contact_id=contact_id)
        no = await once(anna, "delete_contact", answered(question, NO), contact_id=contact_id)
        assert no["structuredContent"]["status"] == "declined"
    silenced = await once(anna, "delete_contact", {}, contact_id=contact_id)
    assert silenced["resultType"] == "complete"
    other = await once(ben, "delete_contact", {}, contact_id=contact_id)
    assert other["resultType"] == "input_required"


async def test_imports_of_one_are_unknown_to_another(team: Running, url: str) -> None:
    """Also with the id, which is a secret to nobody who reads the conversation."""
    anna, ben = team.bearer(ANNA), team.bearer(BEN)
    numbers = [f"+1415555{n:04}" for n in range(150, 190)]
    asked = await anna.call("import_contacts", phone_numbers=numbers)
    token = asked["confirmation_token"]
    stolen = await ben.call("import_contacts", phone_numbers=numbers, confirmation_token=token)
    assert stolen["status"] == "token_rejected"
    assert await changes_of(url) == []
    begun = await anna.call("import_contacts", phone_numbers=numbers, confirmation_token=token)
    assert begun["counts"]["created"] == len(numbers)
    import_id = begun.get("import_id", "imp_0123456789abcdef01")
    assert "UNKNOWN_IMPORT" in await ben.refused("import_contacts", import_id=import_id)


async def test_contacts_in_a_row_are_counted_for_each(team: Running) -> None:
    """Ten without a question, for everybody."""
    anna, ben = team.bearer(ANNA), team.bearer(BEN)
    for n in range(150, 160):
        made = await anna.call("create_contact", phone_number=f"+1415555{n:04}")
        assert made["status"] == "created"
    eleventh = await anna.call("create_contact", phone_number="+14155550160")
    assert eleventh["status"] == "confirmation_required"
    own = await ben.call("create_contact", phone_number="+14155550160")
    assert own["status"] == "created"


async def test_a_last_message_is_found_by_whoever_has_the_account(team: Running) -> None:
    """Two of one team, one account; what was sent is no secret among them."""
    anna, ben = team.bearer(ANNA), team.bearer(BEN)
    hello: Message = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
    asked = await anna.call("send_message", **hello)
    token = asked["confirmation_token"]
    sent = await anna.call("send_message", **hello, confirmation_token=token)
    assert sent["status"] == "accepted"
    found = await ben.call("get_message", to=SEEDED)
    assert found["messages"][0]["message_id"] == sent["messages"][0]["message_id"]


@both_eras
async def test_who_calls_is_who_brings_the_token(team: Running, audit: Path, era: str) -> None:
    """Nothing in a message makes somebody another."""
    anna = team.bearer(ANNA, era, X_Forwarded_User="ben", X_Profile_Id="not-even-a-uuid")
    params = {
        "name": "delete_contact",
        "arguments": {"contact_id": await contact_of(anna)},
        "_meta": {"caller": "ben"},
    }
    said = message("tools/call", params, era=era)
    assert (await team.ask(anna.bytes_of(said))).result
    assert {line["caller"] for line in await lines_of(audit, 1)} == {"anna"}


async def test_without_credentials_everybody_is_one(home: Path, url: str) -> None:
    """Whoever is on this machine could also start a server with the key."""
    async with inside(url, state=home / "state.sqlite") as site:
        one, two = site.client(), site.client(MODERN)
        contact_id = await contact_of(one)
        asked = await one.call("delete_contact", contact_id=contact_id)
        token = asked["confirmation_token"]
        done = await two.call("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert done["status"] == "deleted"
    assert len([each for each in await log_of(url) if each["method"] == "DELETE"]) == 1

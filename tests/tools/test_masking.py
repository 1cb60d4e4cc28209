"""Masked numbers: nothing a model reads holds a whole one, and everything still works."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from mcp import Client
from starlette.applications import Starlette

from tests.door import SEEDED, Door, Reply, opened

WHOLE = re.compile(r"\+?\d[\d ().\-]{8,}\d")
TIMES = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z")
UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOKENS = re.compile(r"cf_[A-Za-z0-9_-]{34}")
MASKED = re.compile(r"\+\d{1,4}\*{3,}\d\d")
NEW = "+14155550160"


class Blind(Door):
    """A door that finds whole numbers in whatever is answered."""

    def __init__(self, door: Door) -> None:
        super().__init__(door.client, door.http)

    async def call(self, tool: str, **arguments: object) -> Reply:
        """See Door."""
        reply = await super().call(tool, **arguments)
        for shown in (reply.text, json.dumps(reply.data)):
            bare = TOKENS.sub("", UUIDS.sub("", TIMES.sub("", shown)))
            assert not WHOLE.search(bare), f"{tool}: {WHOLE.search(bare)} in {shown}"
        return reply


@pytest.fixture
async def blind(app: Starlette, state: Path) -> AsyncGenerator[Blind]:
    tools = "contacts,messages,templates,lookup"
    async with opened(app, state, mask_phones=True, toolsets=tools) as door:
        yield Blind(door)


async def test_no_tool_shows_a_whole_number(blind: Blind) -> None:
    """Reads, changes, questions and tokens; the token acts all the same."""
    assert isinstance(blind.client, Client)
    listed = await blind.done("list_contacts", page_size=100)
    assert listed["contacts"][0]["phone_number"].count("*") >= 3
    await blind.done("list_contacts", reach="both")
    found = await blind.done("find_contact_by_phone", phone_number=SEEDED)
    assert found["phone_number"] == "+1415*****02"
    contact_id = found["contact"]["id"]
    assert not [name for name in found["contact"] if name.startswith("format_")]
    await blind.done("find_contact_by_phone", phone_number=NEW)
    await blind.done("get_contact", contact_id=contact_id, include_summary=True)
    await blind.done("create_contact", phone_number=NEW)
    await blind.done("create_contact", phone_number=NEW)
    await blind.done("lookup_number", phone_number=NEW)
    given = {"to": [SEEDED, NEW], "text": f"Call {SEEDED}", "channels": "sms,whatsapp"}
    await blind.done("send_message", **given, dry_run=True)
    sent = await blind.twice("send_message", **given)
    assert {message["to"] for message in sent["messages"]} == {"+1415*****02", "+1415*****60"}
    await blind.done("get_message", message_ids=[m["message_id"] for m in sent["messages"]])
    await blind.done("get_message", to=SEEDED)
    await blind.done("update_contact", contact_id=contact_id, opt_out=True)
    await blind.done("delete_contact", contact_id=contact_id, dry_run=True)
    opted_in = await blind.twice("update_contact", contact_id=contact_id, opt_out=False)
    assert opted_in["status"] == "updated"
    first = await blind.call("delete_contact", contact_id=contact_id)
    assert first.token.startswith("delete +1415*****02 cf_")
    gone = await blind.done("delete_contact", contact_id=contact_id, confirmation_token=first.token)
    assert gone["status"] == "deleted"
    again = await blind.done(
        "delete_contact", contact_id=contact_id, confirmation_token=first.token
    )
    assert again["status"] == "deleted"


async def test_no_error_shows_a_whole_number(blind: Blind) -> None:
    """Not even one the model wrote itself."""
    await blind.refused("get_message", to=SEEDED)
    await blind.refused("find_contact_by_phone", phone_number="14155550102")
    await blind.refused("find_contact_by_phone", phone_number="+1415555010212345678")
    await blind.refused("send_message", to=["4155550102", "14155550103"], text="Hi")
    await blind.refused("list_contacts", search="no digits")
    contact_id = await blind.contact("+14155550101")
    await blind.refused("update_contact", contact_id=contact_id, default_channel="whatsapp")
    await blind.faults({"match": "GET /v3/contacts", "times": 4, "kind": "garbage"})
    await blind.refused("find_contact_by_phone", phone_number=SEEDED)


async def test_a_masked_number_given_back_is_refused_with_that_reason(blind: Blind) -> None:
    """The model has to ask for the whole one."""
    text = await blind.refused("find_contact_by_phone", phone_number="+1415*****02")
    assert "is masked; the whole number is needed" in text


async def test_who_may_not_be_written_to_is_masked_too(app: Starlette, state: Path) -> None:
    """The operator's own list included."""
    async with opened(app, state, mask_phones=True, allowed_recipients=NEW) as door:
        await Blind(door).refused("send_message", to=SEEDED, text="Hi")


ALMOST = (
    "415-555-0102x123",
    "4155550102abc",
    "415_555_0102",
    "415\u00a0555\u00a00102",
    "+1_415_555_0102",
)
"""No numbers to us, and numbers to any reader."""


def shows_none(*shown: str) -> None:
    """In none of these more than the last two digits of any of them is left."""
    for text in shown:
        bare = MASKED.sub("", TOKENS.sub("", UUIDS.sub("", TIMES.sub("", text))))
        assert not re.search(r"415|555|010", bare), text


async def test_what_is_almost_a_number_is_masked_by_a_check(blind: Blind) -> None:
    """In the text and in the structure; how many there are and why stays."""
    said = await blind.call("check_phone_numbers", phone_numbers=[*ALMOST, "Anna 12"])
    shows_none(said.text, json.dumps(said.data, ensure_ascii=False))
    assert [row["input"][:3] for row in said.data["invalid"]] == ["***"] * 4 + ["+*_", "Ann"]
    assert said.data["invalid"][0] == {"input": "***-***-****x*23", "reason": "has an extension"}
    assert said.data["invalid"][-1]["input"] == "Anna 12"


@pytest.mark.parametrize("almost", ALMOST)
async def test_what_is_almost_a_number_is_masked_in_the_question_of_an_import(
    blind: Blind, almost: str
) -> None:
    """And in all that comes of it."""
    listed = [f"+44791112{n:04}" for n in range(12)]
    first = await blind.call("import_contacts", phone_numbers=[*listed, almost])
    assert "No phone numbers: 1 (" in first.data["question"]
    shows_none(first.text, json.dumps(first.data, ensure_ascii=False))
    given = {"phone_numbers": [*listed, almost], "confirmation_token": first.token}
    done = await blind.call("import_contacts", **given)
    assert (done.data["counts"]["created"], len(done.data["invalid"])) == (12, 1)
    shows_none(done.text, json.dumps(done.data, ensure_ascii=False))
    tried = await blind.call(
        "import_contacts", phone_numbers=[almost, "+14165551234"], dry_run=True
    )
    shows_none(tried.text, json.dumps(tried.data, ensure_ascii=False))


@pytest.mark.parametrize("almost", ALMOST)
async def test_what_is_almost_a_number_is_masked_in_every_refusal(
    blind: Blind, almost: str
) -> None:
    """Whichever tool got it as the one number it is about."""
    for tool in ("create_contact", "find_contact_by_phone", "lookup_number"):
        shows_none(await blind.refused(tool, phone_number=almost))
    shows_none(await blind.refused("get_message", to=almost))

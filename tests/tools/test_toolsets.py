"""Which tools exist: toolsets, read-only mode, API version; and the paid look-up."""

from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened

DEFAULT = [
    "list_contacts",
    "get_contact",
    "find_contact_by_phone",
    "check_phone_numbers",
    "create_contact",
    "import_contacts",
    "update_contact",
    "delete_contact",
    "send_message",
    "get_message",
    "list_templates",
]
READS = [
    "list_contacts",
    "get_contact",
    "find_contact_by_phone",
    "check_phone_numbers",
    "get_message",
    "list_templates",
]
OUTSIDE = ("send_message", "create_contact", "import_contacts", "lookup_number")


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, DEFAULT),
        ({"read_only": True}, READS),
        ({"toolsets": "contacts,messages,templates,lookup"}, [*DEFAULT, "lookup_number"]),
        ({"toolsets": "lookup"}, ["lookup_number"]),
        ({"toolsets": "lookup", "read_only": True}, []),
        ({"toolsets": "templates, messages"}, ["send_message", "get_message", "list_templates"]),
        ({"api_version": "v1", "sender_id": "abc"}, ["list_contacts", "find_contact_by_phone"]),
    ],
)
async def test_settings_decide_which_tools_exist(
    app: Starlette, state: Path, settings: dict[str, Any], names: list[str]
) -> None:
    """A paid look-up is no read."""
    async with opened(app, state, **settings) as door:
        assert list(await door.tools()) == names


async def test_a_hidden_tool_and_an_unknown_one_are_answered_alike(
    app: Starlette, state: Path
) -> None:
    """Nobody learns what is switched off."""
    async with opened(app, state, read_only=True) as door:
        said: list[tuple[int, str]] = []
        for name in ("delete_contact", "lookup_number", "make_coffee"):
            with pytest.raises(MCPError) as caught:
                await door.call(name, contact_id=await door.contact())
            error = caught.value.error
            said.append((error.code, error.message.replace(name, "NAME")))
        assert set(said) == {(-32602, "Unknown tool: NAME")}
        assert await door.changes() == []


async def test_the_name_of_an_unknown_tool_is_shown_on_one_line(door: Door) -> None:
    """It comes from outside."""
    with pytest.raises(MCPError, match=r'Unknown tool: "a\\nb"$'):
        await door.call("a\nb")


@pytest.mark.parametrize("tool", ["delete_contact", "send_message"])
async def test_a_token_is_worth_nothing_where_its_tool_is_hidden(
    app: Starlette, state: Path, tool: str
) -> None:
    """Read-only means read-only, whatever was approved before on the same state file."""
    async with opened(app, state) as door:
        arguments: dict[str, Any] = (
            {"contact_id": await door.contact()}
            if tool == "delete_contact"
            else {"to": SEEDED, "text": "Hi"}
        )
        token = (await door.call(tool, **arguments)).token
    async with opened(app, state, read_only=True) as door:
        with pytest.raises(MCPError, match="Unknown tool"):
            await door.call(tool, **arguments, confirmation_token=token)
        assert await door.changes() == []


async def test_annotations_tell_reads_from_changes(app: Starlette, state: Path) -> None:
    """The hosts' directory rule: every change is destructive."""
    async with opened(app, state, toolsets="contacts,messages,templates,lookup") as door:
        for name, tool in (await door.tools()).items():
            hints = tool.annotations
            assert hints is not None
            assert tool.title
            assert hints.read_only_hint is (name in READS), name
            assert hints.destructive_hint is (name not in [*READS, "lookup_number"]), name
            repeats = name in [*READS, "update_contact", "delete_contact"]
            assert hints.idempotent_hint is repeats, name
            outside = name in OUTSIDE
            assert hints.open_world_hint is outside, name


async def test_a_look_up_tells_what_carriers_say_and_that_it_costs(
    app: Starlette, state: Path
) -> None:
    """Nothing about WhatsApp."""
    async with opened(app, state, toolsets="lookup") as door:
        report = await door.call("lookup_number", phone_number="+1 415 555 0103")
    message = report.data.pop("message")
    assert message.startswith("Carrier data of +14155550103; ")
    assert "charged" in message
    assert report.data == {
        "phone_number": "+14155550103",
        "is_valid": True,
        "carrier_name": "T-Mobile",
        "line_type": "mobile",
        "region_code": "US",
        "mobile_country_code": "310",
        "mobile_network_code": "260",
        "is_ported": False,
        "is_voip": False,
    }
    assert "is_ported: no" in report.text.splitlines()


async def test_a_look_up_leaves_out_what_nobody_knows(app: Starlette, state: Path) -> None:
    """Outside one country the emulator knows no carriers."""
    async with opened(app, state, toolsets="lookup") as door:
        report = await door.done("lookup_number", phone_number="+442079460101")
    assert "carrier_name" not in report
    assert report["region_code"] == "GB"


async def test_a_look_up_is_paid_once_and_never_repeated(app: Starlette, state: Path) -> None:
    """Its answer may be lost after it was charged."""
    async with opened(app, state, toolsets="lookup") as door:
        await door.faults({"match": "GET /v3/numbers", "times": 9, "kind": "drop_after"})
        text = await door.refused("lookup_number", phone_number="+14155550103")
        assert "The look-up may have been charged." in text
        assert len(await door.log()) == 1

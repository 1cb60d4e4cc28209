"""Rules that every tool keeps, whatever it does."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import anyio
import pytest
from mcp import Client

from sent_mcp.emulator import create_app
from sent_mcp.offered import INSTRUCTIONS
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from sent_mcp.tools import TOOLS, V1_TOOLS
from sent_mcp.tools.registry import Offer
from tests.door import SEEDED, opened

OFFERS = [tool.offer for tool in (*TOOLS, *V1_TOOLS)]
READ = {
    "list_contacts",
    "get_contact",
    "find_contact_by_phone",
    "check_phone_numbers",
    "get_message",
    "list_templates",
}
CHANGE = {
    "create_contact",
    "import_contacts",
    "update_contact",
    "delete_contact",
    "send_message",
}
OUTSIDE = {"send_message", "create_contact", "import_contacts", "lookup_number"}
LOOKUP = {"lookup_number"}
NEVER_IN_A_SCHEMA = ("$ref", "$defs", "anyOf", "oneOf", "allOf", "not", "title", "const", "if")
every_tool = pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)


def _nodes(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with where it stands."""
    node = cast("dict[str, Any]", schema)
    yield path, node
    for name, inner in node.get("properties", {}).items():
        yield from _nodes(inner, f"{path}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from _nodes(node[key], f"{path}/{key}")


def _schemas(offer: Offer[Any, Any]) -> list[tuple[str, dict[str, Any]]]:
    shown = offer.definition()
    assert shown.output_schema is not None
    return [*_nodes(shown.input_schema, "input"), *_nodes(shown.output_schema, "output")]


def test_every_tool_has_its_place() -> None:
    """A new tool must say here what kind it is."""
    assert {tool.offer.name for tool in TOOLS} == READ | CHANGE | LOOKUP
    assert {tool.offer.name for tool in V1_TOOLS} == {"list_contacts", "find_contact_by_phone"}


def test_names_are_unique() -> None:
    """The server looks them up by name."""
    for tools in (TOOLS, V1_TOOLS):
        assert max(Counter(tool.offer.name for tool in tools).values()) == 1


@every_tool
def test_a_name_is_verb_and_noun_in_what_every_host_takes(offer: Offer[Any, Any]) -> None:
    """One dot hides all tools in some hosts; server and tool together may have 60 characters."""
    assert re.fullmatch(
        r"(list|get|find|check|create|import|update|delete|send|lookup)(_[a-z]+)+", offer.name
    )
    assert len(offer.name) <= 40


@every_tool
def test_a_tool_has_a_title_for_people(offer: Offer[Any, Any]) -> None:
    """Hosts show it on their buttons."""
    assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)+", offer.title)


@every_tool
def test_a_description_is_short_and_of_whole_sentences(offer: Offer[Any, Any]) -> None:
    """Hosts pay for it in every conversation. It tells, and gives no orders."""
    assert offer.description.endswith(".")
    assert len(offer.description) <= 600
    assert not re.search(r"\b(IMPORTANT|MUST|NEVER|ALWAYS)\b|\b[Yy]ou\b", offer.description)


@every_tool
def test_a_schema_has_nothing_that_some_host_refuses(offer: Offer[Any, Any]) -> None:
    """At any depth: no references, no combinators, no noise, one plain type each."""
    for path, node in _schemas(offer):
        assert not set(NEVER_IN_A_SCHEMA) & set(node), path
        assert isinstance(node.get("type"), str), path
        assert node["type"] != "null", path
        assert None not in node.get("enum", []), path
        assert node.get("default", "") is not None, path


@every_tool
def test_a_schema_is_one_closed_object(offer: Offer[Any, Any]) -> None:
    """An unknown argument is refused, and a host can see that it will be."""
    schema = offer.definition().input_schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", [])) <= set(schema["properties"])


@every_tool
def test_what_a_host_may_strip_is_also_said_in_words(offer: Offer[Any, Any]) -> None:
    """Some hosts drop limits of numbers and lengths of lists."""
    for name, node in offer.definition().input_schema["properties"].items():
        said = node.get("description", "")
        if node["type"] == "integer":
            assert str(node["minimum"]) in said, name
        if node.get("maxItems", 0) == 100:
            assert "100" in said, name


@every_tool
def test_every_annotation_is_set(offer: Offer[Any, Any]) -> None:
    """A missing one counts as the worst."""
    hints = offer.definition().annotations
    assert hints is not None
    for name in ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint"):
        assert isinstance(getattr(hints, name), bool), name


@every_tool
def test_annotations_say_what_a_tool_does(offer: Offer[Any, Any]) -> None:
    """Hosts decide by them whether to ask a person."""
    assert offer.read_only == (offer.name in READ)
    assert offer.destructive == (offer.name in CHANGE)
    assert offer.idempotent == (offer.name in READ | {"update_contact", "delete_contact"})
    assert offer.open_world == (offer.name in OUTSIDE)


@every_tool
def test_every_change_can_be_tried_and_confirmed(offer: Offer[Any, Any]) -> None:
    """And no read asks for it."""
    arguments = set(offer.definition().input_schema["properties"])
    both = {"dry_run", "confirmation_token"}
    assert arguments & both == (both if offer.name in CHANGE else set())


@every_tool
def test_a_result_always_has_a_message(offer: Offer[Any, Any]) -> None:
    """And the status of a change."""
    schema = offer.definition().output_schema
    assert schema is not None
    assert schema["type"] == "object"
    expected = {"message", "status"} if offer.name in CHANGE else {"message"}
    assert expected <= set(schema["required"])


def test_the_instructions_fit_every_host() -> None:
    """Longer ones are cut."""
    assert len(INSTRUCTIONS) <= 1500


def test_the_instructions_name_only_tools_and_arguments_that_exist() -> None:
    """A model would try what is not there."""
    schemas = [tool.offer.definition().input_schema for tool in TOOLS]
    known = {tool.offer.name for tool in TOOLS}
    known |= {name for schema in schemas for name in schema["properties"]}
    assert set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", INSTRUCTIONS)) <= known


CALLS: list[tuple[str, dict[str, object]]] = [
    ("list_contacts", {"search": "415", "channel": "sms", "page_size": 5}),
    ("list_contacts", {"reach": "sms_only"}),
    ("list_contacts", {"opt_out": True}),
    ("get_contact", {"contact_id": "CONTACT"}),
    ("get_contact", {"contact_id": "CONTACT", "include_summary": True}),
    ("get_contact", {"contact_id": "00000000-0000-4000-8000-000000000000"}),
    ("find_contact_by_phone", {"phone_number": SEEDED}),
    ("find_contact_by_phone", {"phone_number": "+14155550160"}),
    ("check_phone_numbers", {"phone_numbers": [SEEDED, "+14155550160", "nonsense"]}),
    ("get_message", {"message_ids": "MESSAGE"}),
    ("get_message", {"to": SEEDED}),
    ("list_templates", {}),
    ("list_templates", {"search": "order", "status": "approved"}),
]


def test_every_read_tool_is_driven_below() -> None:
    """A new one must be."""
    assert {name for name, _ in CALLS} == READ


async def test_read_only_tools_only_read() -> None:
    """Told by what reached the API."""
    async with opened(create_app(), "memory:") as door:
        sent = await door.twice("send_message", to=[SEEDED], text="Hi")
        known = {"CONTACT": await door.contact(), "MESSAGE": sent["messages"][0]["message_id"]}
        await door.forget()
        for name, arguments in CALLS:
            given = {key: known.get(str(value), value) for key, value in arguments.items()}
            await door.call(name, **given)
        log = await door.log()
    assert {request["method"] for request in log} == {"GET"}
    assert len(log) >= len(CALLS)


async def test_every_client_is_told_of_the_same_tools_in_the_same_order() -> None:
    """Caches depend on it, also those of a language model's prompt."""
    server = build_server(load_settings(()))
    orders: list[list[str]] = []
    for mode in ("auto", "legacy"):
        async with Client(server, mode=mode) as client:
            orders.append([tool.name for tool in (await client.list_tools()).tools])
    assert orders[0] == orders[1] == [t.offer.name for t in TOOLS if t.offer.name not in LOOKUP]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"read_only": "true"}, READ),
        ({"toolsets": "templates"}, {"list_templates"}),
        ({"toolsets": "lookup", "read_only": "true"}, set[str]()),
        ({"toolsets": "lookup"}, LOOKUP),
        ({"toolsets": "contacts,messages,templates,lookup"}, READ | CHANGE | LOOKUP),
        ({"api_version": "v1", "sender_id": "s"}, {"list_contacts", "find_contact_by_phone"}),
    ],
)
async def test_settings_decide_at_the_start_which_tools_exist(
    flags: dict[str, str], expected: set[str]
) -> None:
    """For every client alike."""
    with anyio.fail_after(10):
        async with Client(build_server(load_settings((), **flags))) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == expected

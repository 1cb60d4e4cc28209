"""What a model has to read stays small, in tokens of o200k_base, over the public door."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from benchmarks.tokens import compact, prompt, tokens, whole
from sent_mcp.emulator import create_app
from tests.door import Door, Reply, opened

CONTACTS = 1_000


@pytest.fixture
async def full(state: Path) -> AsyncGenerator[Door]:
    """A client before the server before an address book of a thousand contacts."""
    app = create_app(contacts=CONTACTS)
    async with opened(app, state, requests_per_minute=100_000) as door:
        yield door


async def listed(door: Door) -> list[dict[str, JsonValue]]:
    """`tools/list` as it goes over the wire, but for the order of keys."""
    answer = await door.client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in answer.tools]


async def numbers(door: Door) -> list[str]:
    """The number of every contact."""
    pages = [
        await door.done("list_contacts", page=page, page_size=100)
        for page in range(1, CONTACTS // 100 + 1)
    ]
    return [contact["phone_number"] for page in pages for contact in page["contacts"]]


def structure(reply: Reply) -> int:
    """The tokens of the structured result."""
    return tokens(compact(reply.data))


async def test_the_tools_of_a_server_without_settings(door: Door) -> None:
    tools = await listed(door)
    assert len(tools) == 11
    assert whole(tools) <= 2_700
    assert prompt(tools) <= 1_700


async def test_a_hundred_contacts(full: Door) -> None:
    """With the longest way of saying so, that there are more."""
    reply = await full.call("list_contacts", page=2, page_size=100)
    assert len(reply.data["contacts"]) == 100
    assert reply.data["has_more"] is True
    assert tokens(reply.text) <= 3_800
    assert structure(reply) <= 6_500


@pytest.mark.parametrize("strangers", [0, 500, 1_000])
async def test_a_thousand_numbers_checked(full: Door, strangers: int) -> None:
    """Whether they are contacts, or numbers of nobody."""
    asked = (await numbers(full))[strangers:] + [f"+1646{5550000 + n}" for n in range(strangers)]
    reply = await full.call("check_phone_numbers", phone_numbers=asked)
    counted: Mapping[str, int] = reply.data["counts"]
    assert reply.data["complete"] is True
    assert counted["input"] == len(asked) == 1_000
    assert tokens(reply.text) <= 6_300
    assert structure(reply) <= 6_300

"""The bundle, extracted and started the way a host does it, but with this environment's packages.

A host starts it with `uv run`, which would download the dependencies.
"""

import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from bundle.archive import write_bundle

FILLED_IN = {"demo": True, "default_region": "US"}


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which a host extracts it."""
    folder = tmp_path_factory.mktemp("host")
    with ZipFile(write_bundle(folder)) as archive:
        archive.extractall(folder / "extension")
    return folder / "extension"


def _manifest(extension: Path) -> dict[str, Any]:
    return json.loads((extension / "manifest.json").read_text(encoding="utf-8"))


def _defaults(extension: Path) -> dict[str, Any]:
    return {name: field["default"] for name, field in _manifest(extension)["user_config"].items()}


@asynccontextmanager
async def started(extension: Path, values: Mapping[str, object]) -> AsyncGenerator[Client]:
    """A client of the server, for which a host puts these values in place of its references.

    One for a field without a value stays as it is.
    """
    server = _manifest(extension)["server"]
    texts = {
        f"${{user_config.{name}}}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
    references: dict[str, str] = server["mcp_config"]["env"]
    variables = {name: texts.get(text, text) for name, text in references.items()}
    parameters = StdioServerParameters(
        command=sys.executable,
        args=[str(extension / server["entry_point"])],
        env={**variables, "HOME": str(extension.parent)},
        cwd=extension.parent,
    )
    async with Client(stdio_client(parameters)) as client:
        yield client


async def test_it_offers_what_its_manifest_says_and_answers_in_the_demo(extension: Path) -> None:
    manifest = _manifest(extension)
    async with started(extension, {**_defaults(extension), **FILLED_IN}) as client:
        tools = (await client.list_tools()).tools
        prompts = (await client.list_prompts()).prompts
        found = await client.call_tool("find_contact_by_phone", {"phone_number": "(415) 555-0102"})
    said = [{"name": each.name, "description": each.description} for each in tools]
    assert said == manifest["tools"]
    assert [each.name for each in prompts] == [each["name"] for each in manifest["prompts"]]
    assert found.structured_content["whatsapp"] == "yes"


async def test_what_is_filled_in_is_what_the_server_is_set_to(extension: Path) -> None:
    values = {**_defaults(extension), **FILLED_IN, "read_only": True, "default_region": ""}
    async with started(extension, values) as client:
        assert "send_message" not in {each.name for each in (await client.list_tools()).tools}
        refused = await client.call_tool(
            "find_contact_by_phone", {"phone_number": "(415) 555-0102"}
        )
    assert refused.is_error


async def test_left_empty_it_starts_and_says_what_is_missing(extension: Path) -> None:
    async with started(extension, _defaults(extension)) as client:
        answer = await client.call_tool("list_contacts", {})
    assert "SENT_API_KEY is not set" in str(answer.content)


async def test_a_host_may_leave_its_own_references_as_they_are(extension: Path) -> None:
    """Only that of the key is reported; the others are fields left empty."""
    async with started(extension, {}) as client:
        assert (await client.list_tools()).tools
        answer = await client.call_tool("list_contacts", {})
    assert "holds the placeholder '${user_config.api_key}' instead of a key" in str(answer.content)

"""The server that the suite judges: what a bare machine, without the suite, can see of it."""

from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conformance.suite import REVISIONS, explained, mounted_server
from tests.http.wire import ERAS, MODERN, Site

HEADER_MISMATCH = (400, -32020)


@pytest.fixture(scope="module")
def site() -> Generator[Site]:
    """The product's server with the fixtures mounted, in a process of its own."""
    with mounted_server() as url:
        yield Site(urlsplit(url).port or 0)


@pytest.mark.parametrize("era", ERAS)
async def test_what_is_mounted_stands_beside_the_products_own(site: Site, era: str) -> None:
    """And both are answered."""
    client = site.client(era)
    listed = {tool["name"] for tool in (await client.ask("tools/list")).result["tools"]}
    assert {"list_contacts", "test_simple_text", "test_image_content"} <= listed
    assert (await client.call("list_contacts", page_size=1))["total_count"] == 150
    said = await client.call("test_simple_text")
    assert said["message"] == "This is a simple text response for testing."


@pytest.mark.parametrize(
    ("given", "tagged"),
    [
        ({"arguments": {"region": "here"}}, {}),
        ({"arguments": {"region": "here"}}, {"Mcp_Param_Region": "elsewhere"}),
        ({"arguments": {}}, {"Mcp_Param_Region": "here"}),
        ({}, {"Mcp_Param_Region": "here"}),
    ],
)
async def test_an_argument_that_a_header_repeats_is_refused_without_its_equal(
    site: Site, given: dict[str, Any], tagged: dict[str, str]
) -> None:
    """A proxy may have let the request through because of what its header says, or does not."""
    params = {"name": "test_custom_headers", **given}
    answer = await site.client(MODERN, **tagged).ask("tools/call", params)
    assert answer.refused == HEADER_MISMATCH


async def test_an_argument_and_its_header_that_agree_are_taken(site: Site) -> None:
    """As hosts send them for a schema with `x-mcp-header`."""
    params = {"name": "test_custom_headers", "arguments": {"region": "here"}}
    client = site.client(MODERN, Mcp_Param_Region="here")
    assert (await client.ask("tools/call", params)).result["content"][0]["text"] == "Done."


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_expected_failure_has_its_reason(revision: str) -> None:
    """Nothing unexplained: the reason stands on the line of the failure."""
    assert all(len(reason) > 5 for reason in explained(revision).values())

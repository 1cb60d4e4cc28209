"""`SENT_MCP_CONFIRM=ask` over HTTP: whom it can ask, and what the others are told."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.door import KEY, SEEDED
from tests.http.sites import Inside, inside, log_of
from tests.http.wire import LEGACY, MODERN, message
from tests.serving.wire import SERVE, Message, started

HELLO: Message = {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
OVER_HTTP = "over HTTP only hosts that speak 2026-07-28 can be asked (or use stdio)"
SHOWED_NONE = "this host showed none"


@pytest.fixture
async def asking(url: str) -> AsyncGenerator[Inside]:
    """A server that wants every answer from a form."""
    async with inside(url, confirm="ask") as site:
        yield site


def able(forms: Message) -> Message:
    """The parameters of a send by a host that can do this."""
    capabilities: Message = {"io.modelcontextprotocol/clientCapabilities": forms}
    return {"name": "send_message", "arguments": HELLO, "_meta": capabilities}


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", LEGACY])
async def test_before_2026_07_28_nobody_can_be_asked_over_http(
    asking: Inside, url: str, version: str
) -> None:
    """It is not the host's fault, so it is not named."""
    said = await asking.client(version).call("send_message", **HELLO)
    assert said["status"] == "cannot_confirm"
    assert OVER_HTTP in said["message"]
    assert SHOWED_NONE not in said["message"]
    assert "POST" not in [each["method"] for each in await log_of(url)]


async def test_a_host_of_2026_07_28_is_asked_if_it_has_forms(asking: Inside) -> None:
    """One without them is told that."""
    client = asking.client(MODERN)
    without = (await client.ask("tools/call", able({}))).result["structuredContent"]
    assert without["status"] == "cannot_confirm"
    assert SHOWED_NONE in without["message"]
    assert OVER_HTTP not in without["message"]
    said = message("tools/call", able({"elicitation": {"form": {}}}), era=MODERN)
    asked = (await asking.ask(client.bytes_of(said))).result
    assert asked["resultType"] == "input_required"


@pytest.mark.parametrize("version", [LEGACY, MODERN])
async def test_on_stdio_a_host_without_forms_is_told_so(home: Path, url: str, version: str) -> None:
    """There it could be asked in either era."""
    variables = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": "memory:"}
    async with started(home, SERVE, **variables, SENT_MCP_CONFIRM="ask") as wire:
        await wire.open(version)
        said = (await wire.call("send_message", **HELLO))["structuredContent"]
        assert said["status"] == "cannot_confirm"
        assert SHOWED_NONE in said["message"]
        assert OVER_HTTP not in said["message"]
        assert await wire.end() == 0

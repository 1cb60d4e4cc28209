"""The SDK's own client over stdio, in both of its modes."""

import os
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError

from tests.door import OFFERED
from tests.serving.wire import DEMO


@pytest.mark.parametrize(
    ("mode", "version"),
    [("legacy", "2025-11-25"), ("auto", "2026-07-28"), ("2026-07-28", "2026-07-28")],
)
async def test_the_sdks_client_lists_and_calls(tmp_path: Path, mode: str, version: str) -> None:
    """It validates every result against the published schema."""
    server = StdioServerParameters(
        command=sys.executable, args=[*DEMO], env={**os.environ, "HOME": str(tmp_path)}
    )
    steps: list[float] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    with anyio.fail_after(30):
        async with Client(stdio_client(server), mode=mode) as client:
            assert client.protocol_version == version
            assert len((await client.list_tools()).tools) == OFFERED
            found = await client.call_tool(
                "find_contact_by_phone", {"phone_number": "+14155550101"}
            )
            assert found.structured_content["whatsapp"] == "no"
            given = {"reach": "sms_only", "page_size": 100}
            await client.call_tool("list_contacts", given, progress_callback=told)
            with pytest.raises(MCPError, match="Unknown tool: nothing"):
                await client.call_tool("nothing", {})
    assert len(steps) >= 2

"""A host's user beside the model: reads resources, completes what is typed."""

import json
from typing import Any

import mcp_types as mcp
import pytest
from mcp.shared.exceptions import MCPError

from tests.door import Door

CONTACT, ERROR = "sent://contacts/{contact_id}", "sent://errors/{code}"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def read(door: Door, uri: str) -> Any:
    """The JSON at an address, which must be there."""
    (contents,) = (await door.client.read_resource(uri)).contents
    assert isinstance(contents, mcp.TextResourceContents)
    assert (contents.uri, contents.mime_type) == (uri, "application/json")
    return json.loads(contents.text)


async def unreadable(door: Door, uri: str) -> mcp.ErrorData:
    """The error at an address, which must be one."""
    with pytest.raises(MCPError) as caught:
        await door.client.read_resource(uri)
    return caught.value.error


async def completed(door: Door, uri: str, typed: str) -> mcp.Completion:
    """What the variable of a template may become."""
    name = uri.partition("{")[2].rstrip("}")
    ref = mcp.ResourceTemplateReference(uri=uri)
    return (await door.client.complete(ref, {"name": name, "value": typed})).completion

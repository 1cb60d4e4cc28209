"""Those tools of the suite whose contents no tool of the product has, answered as they are asked.

The product's tools answer with text and JSON. These show that its server and its transport carry
whatever else the protocol has.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as mcp
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from tests.conformance.guarded import PAUSE_SECONDS

Context = ServerRequestContext[Any, Any]
Answer = mcp.CallToolResult | mcp.InputRequiredResult
Schema = Mapping[str, Any]
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg=="
)
"""One pixel."""
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
NO_ARGUMENTS: Schema = {"type": "object", "additionalProperties": False}
TAGGED: Schema = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    "required": ["region"],
    "additionalProperties": False,
}
DRAFT_2020_12: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Fixture:
    """One tool: its name, what it answers, and its arguments."""

    name: str
    answer: Callable[[Context, mcp.CallToolRequestParams], Awaitable[Answer]]
    schema: Schema = field(default_factory=lambda: NO_ARGUMENTS)

    def definition(self) -> mcp.Tool:
        """The entry in `tools/list`."""
        words = "A tool of the conformance suite."
        return mcp.Tool(name=self.name, description=words, input_schema=dict(self.schema))


def text(words: str) -> mcp.CallToolResult:
    """A result of one text."""
    return mcp.CallToolResult(content=[mcp.TextContent(text=words)])


def constant(name: str, *blocks: mcp.ContentBlock, schema: Schema = NO_ARGUMENTS) -> Fixture:
    """A tool that always answers with these."""

    async def answer(context: Context, params: mcp.CallToolRequestParams) -> Answer:
        return mcp.CallToolResult(content=[*blocks])

    return Fixture(name, answer, schema)


def _resource(uri: str, mime_type: str, words: str) -> mcp.EmbeddedResource:
    inside = mcp.TextResourceContents(uri=uri, mime_type=mime_type, text=words)
    return mcp.EmbeddedResource(resource=inside)


async def _with_logging(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", said, related_request_id=context.request_id)  # pyright: ignore[reportDeprecated]  # what the suite asks for
        await anyio.sleep(PAUSE_SECONDS)
    return text("Tool with logging executed successfully")


async def _needs_sampling(context: Context, params: mcp.CallToolRequestParams) -> Answer:
    capabilities = context.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        raise MCPError(
            mcp.MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This needs sampling",
            {"requiredCapabilities": {"sampling": {}}},
        )
    return text("The client can sample.")


IMAGE = mcp.ImageContent(data=PNG, mime_type="image/png")
_AUDIO = mcp.AudioContent(data=WAV, mime_type="audio/wav")
_EMBEDDED = _resource(
    "test://embedded-resource", "text/plain", "This is an embedded resource content."
)
_MIXED = _resource(
    "test://mixed-content-resource", "application/json", '{"test":"data","value":123}'
)
_WORDS = mcp.TextContent(text="Multiple content types test:")
_DONE = mcp.TextContent(text="Done.")

CONTENTS: tuple[Fixture, ...] = (
    constant("test_image_content", IMAGE),
    constant("test_audio_content", _AUDIO),
    constant("test_embedded_resource", _EMBEDDED),
    constant("test_multiple_content_types", _WORDS, IMAGE, _MIXED),
    constant("test_custom_headers", _DONE, schema=TAGGED),
    constant("json_schema_2020_12_tool", _DONE, schema=DRAFT_2020_12),
    Fixture("test_tool_with_logging", _with_logging),
    Fixture("test_logging_tool", _with_logging),
    Fixture("test_missing_capability", _needs_sampling),
)

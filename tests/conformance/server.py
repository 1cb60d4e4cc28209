"""The product's server with the suite's fixtures mounted, over HTTP: `python -m` and this module.

Its class, registry, guard and transport are the product's; what is mounted is told apart by names
that the product has not. Writes where it listens to stdout, and ends with whoever started it.
"""

import os
import sys
from functools import partial
from typing import Any, TypeVar

import anyio
import mcp_types as mcp
from mcp.server.context import ServerRequestContext

from sent_mcp import offered
from sent_mcp.emulator import create_app
from sent_mcp.http_settings import load_http_settings
from sent_mcp.server import SentServer, build_server
from sent_mcp.serving.http.credentials import credentials_of
from sent_mcp.serving.http.listening import address_of, listen
from sent_mcp.serving.http.metrics import Metrics
from sent_mcp.serving.http.serve import serve_socket
from sent_mcp.settings import load_settings
from tests.conformance import documents, guarded
from tests.conformance.contents import CONTENTS
from tests.conformance.rounds import ROUNDS
from tests.door import KEY

Context = ServerRequestContext[Any, Any]
R = TypeVar("R")
_TOOLS = {each.name: each for each in (*CONTENTS, *ROUNDS)}
_PROMPTS = {each.name: each for each in documents.PROMPTS}


def mounted() -> SentServer:
    """The server, before an emulator in this process."""
    offered.TOOLS = (*offered.TOOLS, *guarded.REGISTERED)
    offered.PROMPTS = (*offered.PROMPTS, *documents.REGISTERED)
    settings = load_settings([], api_key=KEY, base_url="http://localhost", state="memory:")
    server = build_server(settings, emulator=create_app())
    _mount_tools(server)
    _mount_prompts(server)
    _mount_resources(server)
    return server


class Product:
    """What the product itself answers to one method."""

    def __init__(self, server: SentServer, method: str) -> None:
        found = server.get_request_handler(method)
        assert found is not None, method
        self._handler = found.handler

    async def says(self, context: Context, params: Any, *kinds: type[R]) -> R:
        """Its answer, which is of one of these kinds."""
        answer: object = await self._handler(context, params)
        assert isinstance(answer, kinds)
        return answer


def _mount_tools(server: SentServer) -> None:
    listing, calling = Product(server, "tools/list"), Product(server, "tools/call")
    schema_of = server.get_tool_input_schema

    async def list_tools(
        context: Context, params: mcp.PaginatedRequestParams
    ) -> mcp.ListToolsResult:
        own = await listing.says(context, params, mcp.ListToolsResult)
        more = [each.definition() for each in _TOOLS.values()]
        return own.model_copy(update={"tools": [*own.tools, *more]})

    async def call_tool(
        context: Context, params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        if params.name in _TOOLS:
            return await _TOOLS[params.name].answer(context, params)
        return await calling.says(context, params, mcp.CallToolResult, mcp.InputRequiredResult)

    def schema(name: str) -> Any:
        return _TOOLS[name].schema if name in _TOOLS else schema_of and schema_of(name)

    server.add_request_handler("tools/list", mcp.PaginatedRequestParams, list_tools)
    server.add_request_handler("tools/call", mcp.CallToolRequestParams, call_tool)
    server.get_tool_input_schema = schema


def _mount_prompts(server: SentServer) -> None:
    listing, getting = Product(server, "prompts/list"), Product(server, "prompts/get")

    async def list_prompts(
        context: Context, params: mcp.PaginatedRequestParams
    ) -> mcp.ListPromptsResult:
        own = await listing.says(context, params, mcp.ListPromptsResult)
        more = [each.definition() for each in _PROMPTS.values()]
        return own.model_copy(update={"prompts": [*own.prompts, *more]})

    async def get_prompt(
        context: Context, params: mcp.GetPromptRequestParams
    ) -> documents.PromptAnswer:
        if params.name in _PROMPTS:
            return await _PROMPTS[params.name].answer(context, params)
        return await getting.says(context, params, mcp.GetPromptResult)

    server.add_request_handler("prompts/list", mcp.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", mcp.GetPromptRequestParams, get_prompt)


def _mount_resources(server: SentServer) -> None:
    listing = Product(server, "resources/list")
    templates = Product(server, "resources/templates/list")
    reading = Product(server, "resources/read")

    async def list_resources(
        context: Context, params: mcp.PaginatedRequestParams
    ) -> mcp.ListResourcesResult:
        own = await listing.says(context, params, mcp.ListResourcesResult)
        return own.model_copy(update={"resources": [*own.resources, *documents.resources()]})

    async def list_templates(
        context: Context, params: mcp.PaginatedRequestParams
    ) -> mcp.ListResourceTemplatesResult:
        own = await templates.says(context, params, mcp.ListResourceTemplatesResult)
        more = [*own.resource_templates, documents.template()]
        return own.model_copy(update={"resource_templates": more})

    async def read_resource(
        context: Context, params: mcp.ReadResourceRequestParams
    ) -> mcp.ReadResourceResult:
        found = documents.read(params.uri)
        return found or await reading.says(context, params, mcp.ReadResourceResult)

    page = mcp.PaginatedRequestParams
    server.add_request_handler("resources/list", page, list_resources)
    server.add_request_handler("resources/templates/list", page, list_templates)
    server.add_request_handler("resources/read", mcp.ReadResourceRequestParams, read_resource)


def main() -> int:
    """Serve until a signal, or until whoever started this is gone."""
    http, server = load_http_settings(), mounted()
    listening = listen("127.0.0.1", 0)
    sys.stdout.write(f"http://{address_of(listening)}/mcp\n")
    sys.stdout.flush()
    serving = partial(
        serve_socket, credentials=credentials_of(http), parent=os.getppid(), metrics=Metrics()
    )
    return anyio.run(serving, server, http, listening, server.reach_state)


if __name__ == "__main__":
    sys.exit(main())

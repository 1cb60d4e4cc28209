"""Wiring only: settings in, an MCP server out."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic

import anyio
import mcp_types as mcp
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import JsonValue

from sent_mcp import __version__
from sent_mcp.callers import LOCAL, Caller
from sent_mcp.features import Features
from sent_mcp.guard import Host, TimeLimit
from sent_mcp.message_spans import MessageSpans
from sent_mcp.observing import UNKNOWN_TOOL, Observer, Outcome, Unobserved
from sent_mcp.offered import (
    instructions,
    v1_prompts,
    v1_resources,
    v1_tools,
    v3_prompts,
    v3_resources,
    v3_tools,
)
from sent_mcp.quoting import named
from sent_mcp.settings import Settings
from sent_mcp.tenants import Tenant, Tenants, tenant_of_each
from sent_mcp.tools.outcomes import outcome_of
from sent_mcp.tools.registry import Call, Client, Limits, Tool
from sent_mcp.tools.seam import answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_LISTS: tuple[CacheableMethod, ...] = (
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
)
_LIST_HINT = CacheHint(ttl_ms=3_600_000, scope="public")
Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True)
class Service(Generic[Client]):
    """The tools of one process, and whose account each call is about."""

    tools: Mapping[str, Tool[Client]]
    tenant_of: Callable[[Caller], Tenant[Client]]
    limits: Limits
    observer: Observer

    async def list_tools(
        self, context: Context, params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListToolsResult:
        """`tools/list`: the same for everybody, in a fixed order."""
        return mcp.ListToolsResult(tools=[tool.offer.definition() for tool in self.tools.values()])

    async def call_tool(
        self, context: Context, params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        """`tools/call`. A hidden tool and an unknown one are answered alike."""
        outcome: Outcome = "error"
        started = perf_counter()
        try:
            result = await self._answer(context, params)
            outcome = outcome_of(result)
            return result
        except anyio.get_cancelled_exc_class():
            outcome = "cancelled"
            raise
        finally:
            name = params.name if params.name in self.tools else UNKNOWN_TOOL
            self.observer.tool_called(name, outcome, perf_counter() - started)

    async def _answer(
        self, context: Context, params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        tool = self.tools.get(params.name)
        if tool is None:
            raise MCPError(code=mcp.INVALID_PARAMS, message=f"Unknown tool: {named(params.name)}")
        caller = _caller(context)
        whose = self.tenant_of(caller)

        def start(time: TimeLimit) -> Call[Client]:
            host = Host(context, params, caller=caller.name)
            return Call(whose.client, whose.journal, whose.imports, self.limits, host, time)

        return await answer(tool, start, self.limits, whose.guard, params.arguments or {})

    def client_of(self, context: Context) -> Client:
        """The client of whoever asks."""
        return self.tenant_of(_caller(context)).client

    def input_schema(self, name: str) -> Mapping[str, JsonValue] | None:
        """The schema HTTP header checks need."""
        tool = self.tools.get(name)
        return None if tool is None else tool.offer.input_schema


class SentServer(Server[None]):
    """The SDK's server, and what whoever serves it must know besides.

    `abandon` is what must still be done when its process cannot wait; `reach_state` raises
    StateError while the state store cannot be used.
    """

    abandon: Callable[[], None]
    reach_state: Callable[[], Awaitable[None]]


def build_server(
    settings: Settings,
    *,
    emulator: "ASGIApp | None" = None,
    passthrough: bool = False,
    observer: Observer | None = None,
) -> SentServer:
    """The server for these settings; with `emulator` nothing leaves this process.

    With `passthrough` each caller acts with the key they bring, which is never the operator's.
    Nothing is connected and no file is opened before the first call that needs it.
    """
    watching = observer or Unobserved()
    tenants = Tenants(settings, emulator, watching)
    limits = _limits(settings)
    if settings.api_version == "v1":
        old = Service(v1_tools(settings), _always(tenants.operator_v1()), limits, watching)
        prompts = v1_prompts(old.tools, settings)
        return _server(old, Features(v1_resources(), prompts, old.client_of, limits), tenants)
    tenant_of = tenant_of_each(tenants) if passthrough else _always(tenants.operator())
    new = Service(v3_tools(settings), tenant_of, limits, watching)
    resources, prompts = v3_resources(new.tools), v3_prompts(new.tools, settings)
    return _server(new, Features(resources, prompts, new.client_of, limits), tenants)


def _always(tenant: Tenant[Client]) -> Callable[[Caller], Tenant[Client]]:
    return lambda _: tenant


def _caller(context: Context) -> Caller:
    return context.request if isinstance(context.request, Caller) else LOCAL


def _server(service: Service[Client], features: Features[Client], tenants: Tenants) -> SentServer:
    @asynccontextmanager
    async def lifespan(_: Server[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await tenants.aclose()

    server = SentServer(
        "sent-mcp",
        version=__version__,
        title="Sent contacts",
        instructions=instructions([tool.offer for tool in service.tools.values()]),
        cache_hints=dict.fromkeys(_LISTS, _LIST_HINT),
        lifespan=lifespan,
        get_tool_input_schema=service.input_schema,
        on_list_tools=service.list_tools,
        on_call_tool=service.call_tool,
        on_list_resources=features.list_resources,
        on_list_resource_templates=features.list_resource_templates,
        on_read_resource=features.read_resource,
        on_list_prompts=features.list_prompts,
        on_get_prompt=features.get_prompt,
        on_completion=features.complete,
    )
    # In the place of the SDK's own, which would pass on what a client wrote.
    server.middleware[:] = [MessageSpans(service.tools)]
    server.abandon = tenants.audit.abandon
    server.reach_state = tenants.state.ping
    return server


def _limits(settings: Settings) -> Limits:
    return Limits(
        region=settings.default_region,
        dry_run=settings.dry_run,
        allowed_recipients=settings.allowed_recipients,
        max_recipients=settings.max_recipients,
        messages_per_day=settings.messages_per_day,
        call_timeout=settings.call_timeout,
        mask_phones=settings.mask_phones,
    )

"""Each MCP message as an OpenTelemetry span, in the host's trace where it names one.

The SDK's own spans take names, ids and the texts of errors from what a client wrote, where a phone
number may be. In these is nothing but what the server knows by itself.
"""

from collections.abc import Container, Generator
from contextlib import contextmanager
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult
from mcp_types.methods import SPEC_CLIENT_METHODS, SPEC_CLIENT_NOTIFICATION_METHODS
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, get_current_span, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.span import Span
from pydantic import ValidationError

Incoming = ServerRequestContext[Any, Any]
_CALL = "tools/call"
_METHODS = SPEC_CLIENT_METHODS | SPEC_CLIENT_NOTIFICATION_METHODS
_OTHER = "_OTHER"
"""What the semantic conventions have for a name that is not known."""
_tracer = get_tracer("sent_mcp")
_read = TraceContextTextMapPropagator().extract


class MessageSpans:
    """A middleware of the SDK's, to be put in the place of its own."""

    def __init__(self, tools: Container[str]) -> None:
        """`tools` are the names there are."""
        self._tools = tools

    async def __call__(self, ctx: Incoming, call_next: CallNext) -> HandlerResult:
        """Pass a message on, in a span."""
        with self._span(ctx) as span:
            result = await call_next(ctx)
            match result:
                case CallToolResult(is_error=True) | {"isError": True}:
                    _failed(span, "tool_error")
                case _:
                    pass
            return result

    @contextmanager
    def _span(self, ctx: Incoming) -> Generator[Span]:
        """A span with the SDK's attributes, but for the ids of requests: a client chooses them."""
        method = ctx.method if ctx.method in _METHODS else _OTHER
        attributes = {"mcp.method.name": method, "mcp.protocol.version": ctx.protocol_version}
        name = ctx.params.get("name") if method == _CALL and ctx.params else None
        if method == _CALL:
            attributes["gen_ai.operation.name"] = "execute_tool"
        if isinstance(name, str) and name in self._tools:
            attributes["gen_ai.tool.name"] = name
            method = f"{method} {name}"
        with _tracer.start_as_current_span(
            method,
            context=_parent(ctx),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                _failed(span, _kind(error))
                raise


def _parent(ctx: Incoming) -> Context | None:
    """What the client's span is called in `_meta` (W3C Trace Context); None where it is nothing.

    Its `tracestate`, which could hold any text, is left behind.
    """
    named: object = (ctx.meta or {}).get("traceparent")
    if not isinstance(named, str):
        return None
    found = _read({"traceparent": named})
    return found if get_current_span(found).get_span_context().is_valid else None


def _kind(error: BaseException) -> str:
    if isinstance(error, MCPError):
        return str(error.error.code)
    return str(INVALID_PARAMS) if isinstance(error, ValidationError) else type(error).__qualname__


def _failed(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)

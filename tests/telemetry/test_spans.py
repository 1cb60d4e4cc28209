"""Traces as a collector receives them: which spans there are, and what is in none of them."""

import re
import signal
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.telemetry.exporting import MaskedExporter
from tests.collector import CLIENT, FAILED, SERVER, Collector
from tests.door import KEY, SEEDED, served
from tests.http.sites import ANNA, TOKENS
from tests.http.sites import started as started_http
from tests.http.wire import ERAS, LEGACY
from tests.serving.held import Gate, behind
from tests.serving.wire import MODERN, SERVE, Message, started
from tests.telemetry.conftest import one_call

DIGITS = SEEDED.removeprefix("+1").encode()
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
META: Message = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": f"host={SEEDED[1:]}"}


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_over_stdio_and_its_request_are_one_trace(
    era: str, tmp_path: Path, variables: dict[str, str], collector: Collector
) -> None:
    """The request to Sent is a child of the tool call; all is there when the server has ended."""
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(era)
        found = await wire.call("find_contact_by_phone", phone_number=SEEDED)
        contact = found["structuredContent"]["contact"]["id"]
        await wire.call("get_contact", contact_id=contact)
        assert await wire.end() == 0
    call = collector.one("tools/call get_contact")
    request = collector.one("GET /v3/contacts/{contact_id}")
    assert (call.exported.kind, call.parent) == (SERVER, "")
    assert (request.exported.kind, request.parent, request.trace) == (CLIENT, call.id, call.trace)
    assert call.attributes == {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": era,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_contact",
    }
    assert request.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.template": "/v3/contacts/{contact_id}",
        "server.address": "127.0.0.1",
        "server.port": int(variables["SENT_BASE_URL"].rpartition(":")[2]),
    }
    assert call.resource["service.name"] == "sent-mcp"
    assert collector.one("tools/call find_contact_by_phone").trace != call.trace
    _assert_nothing_of_anybody(collector)


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_over_http_is_a_trace_too(
    era: str, tmp_path: Path, variables: dict[str, str], collector: Collector
) -> None:
    """Of a process that ends after a signal, and says nothing of who has called."""
    with started_http(tmp_path, **variables, **TOKENS) as site:
        await site.bearer(ANNA, era).call("find_contact_by_phone", phone_number=SEEDED)
        site.signal(signal.SIGTERM)
        assert await site.ended() == 128 + signal.SIGTERM
    call = collector.one("tools/call find_contact_by_phone")
    request = collector.one("GET /v3/contacts")
    assert (request.parent, request.trace) == (call.id, call.trace)
    _assert_nothing_of_anybody(collector)


async def test_the_host_can_name_the_trace(
    tmp_path: Path, variables: dict[str, str], collector: Collector
) -> None:
    """`traceparent` in `_meta` is the parent of the call; `tracestate` could hold anything."""
    await one_call(tmp_path, variables, META)
    call = collector.one("tools/call find_contact_by_phone")
    assert (call.trace, call.parent) == (TRACE, PARENT)
    assert collector.one("GET /v3/contacts").trace == TRACE
    assert call.exported.trace_state == ""
    _assert_nothing_of_anybody(collector)


@pytest.mark.parametrize("named", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", 1, None])
async def test_a_trace_that_is_none_is_not_followed(
    named: object, tmp_path: Path, variables: dict[str, str], collector: Collector
) -> None:
    """The call begins one of its own."""
    await one_call(tmp_path, variables, {"traceparent": named})
    assert collector.one("tools/call find_contact_by_phone").parent == ""


async def test_what_a_client_writes_is_in_no_span(
    tmp_path: Path, variables: dict[str, str], collector: Collector
) -> None:
    """Not as a tool, a method, an id, an argument, nor as the error that quotes one of them."""
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(LEGACY)
        await wire.refused("tools/call", {"name": SEEDED, "arguments": {"to": SEEDED}})
        await wire.refused("tools/call", {"name": [SEEDED]})
        await wire.refused(SEEDED, {"name": SEEDED})
        await wire.refused("prompts/get", {"name": SEEDED})
        await wire.tell(f"notifications/{SEEDED}")
        assert (await wire.call("get_contact", contact_id=SEEDED))["isError"]
        assert (await wire.call("create_contact", phone_number=SEEDED, number=SEEDED))["isError"]
        assert (await wire.call("get_contact", contact_id="0" * 8 + "-4155550102"))["isError"]
        await wire.start("list_contacts", int(DIGITS), search=SEEDED)
        await wire.answer(int(DIGITS))
        assert await wire.end() == 0
    names = [span.name for span in collector.spans]
    assert names.count("tools/call") == 2
    assert names.count("_OTHER") == 2
    unknown = next(span for span in collector.spans if span.name == "tools/call")
    assert unknown.exported.status.code == FAILED
    assert unknown.exported.status.message == ""
    assert unknown.attributes["error.type"] == "-32602"
    assert not any(span.exported.events for span in collector.spans)
    _assert_nothing_of_anybody(collector)


async def test_each_attempt_is_a_span(
    tmp_path: Path, url: str, variables: dict[str, str], collector: Collector
) -> None:
    """With what was wrong with it, and how often the request had been sent before."""
    fault = {"match": "GET /v3/contacts", "times": 1, "kind": "status", "status": 503}
    async with httpx.AsyncClient(base_url=url) as http:
        faults = [fault, {**fault, "match": "GET /v3/templates", "status": 404, "times": 9}]
        assert (await http.post("/__emulator/faults", json=faults)).is_success
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert (await wire.call("list_templates"))["isError"]
        assert await wire.end() == 0
    first, second = [span for span in collector.spans if span.name == "GET /v3/contacts"]
    assert first.attributes["error.type"] == "503"
    assert first.exported.status.code == FAILED
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert first.parent == second.parent == collector.one("tools/call find_contact_by_phone").id
    assert collector.one("tools/call list_templates").attributes["error.type"] == "tool_error"


async def test_a_cancelled_call_ends_its_spans(tmp_path: Path, collector: Collector) -> None:
    """Both of them, with the reason."""
    gate = Gate()
    async with (
        behind(gate) as held,
        started(tmp_path, SERVE, **held, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as wire,
    ):
        await wire.open(LEGACY)
        number = await wire.start("list_contacts")
        await gate.arrived.wait()
        await wire.tell("notifications/cancelled", {"requestId": number})
        await gate.left.wait()
        assert await wire.hang_up() == 0
    for name in ("tools/call list_contacts", "GET /v3/contacts"):
        assert collector.one(name).attributes["error.type"] == "CancelledError"


class _Heads:
    """Keeps the headers of all requests to an app."""

    def __init__(self, app: ASGIApp, heads: list[str]) -> None:
        self._app = app
        self._heads = heads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._heads.append(str(scope["headers"]).lower())
        await self._app(scope, receive, send)


async def test_sent_is_told_of_no_trace(
    tmp_path: Path, app: Starlette, collector: Collector
) -> None:
    """No header of a request to it has to do with one."""
    heads: list[str] = []
    app.add_middleware(_Heads, heads=heads)
    async with served(app) as url:
        variables = {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": "memory:"}
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        await one_call(tmp_path, variables, META)
    assert collector.one("GET /v3/contacts").trace == TRACE
    (head,) = heads
    assert "x-api-key" in head
    assert "trace" not in head
    assert TRACE not in head


def test_no_text_of_a_span_leaves_with_a_number_or_a_key() -> None:
    """Also of spans that others have made: names, attributes, events and reasons are masked."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(MaskedExporter(kept)))
    with provider.get_tracer("another").start_as_current_span(f"send {SEEDED}") as span:
        span.set_attributes({"to": [SEEDED, "(415) 555-0102"], "n": 1, "key": KEY, "tall": [1, 2]})
        span.set_attribute("mcp.protocol.version", MODERN)
        span.add_event(SEEDED, {"why": f"{SEEDED} failed"})
        span.set_status(StatusCode.ERROR, f"no {SEEDED}")
    (masked,) = kept.get_finished_spans()
    said = masked.to_json()
    # Not three digits alone, which a span's id may have.
    assert not re.search(r"555.?0102", said)
    assert KEY not in said
    assert masked.attributes is not None
    assert masked.attributes["mcp.protocol.version"] == MODERN
    assert masked.attributes["n"] == 1
    assert provider.force_flush()
    provider.shutdown()


def _assert_nothing_of_anybody(collector: Collector) -> None:
    for secret in (DIGITS, b"555-01", KEY.encode(), ANNA.encode(), b"anna"):
        assert secret not in collector.raw, secret
    assert not any(KEY in head or DIGITS.decode() in head for head in collector.heads)

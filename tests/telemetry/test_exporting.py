"""Whether traces are sent, where to, and what the server does when that does not work."""

import logging
import threading
from pathlib import Path

import anyio
import pytest

from sent_mcp.telemetry import TelemetryError
from sent_mcp.telemetry.exporting import SoftSpoken
from sent_mcp.telemetry.traces import exporters_in
from tests.client.loopback import listening, polite
from tests.collector import Collector, collecting
from tests.door import SEEDED
from tests.http.wire import LEGACY
from tests.serving.wire import SERVE, started
from tests.telemetry.conftest import one_call

NO_SDK = """
import sys
sys.modules["opentelemetry.sdk"] = None
sys.argv[1:] = ["serve", "--demo", "--state", "memory:"]
from sent_mcp.__main__ import main
main()
"""
ANOTHERS_SDK = """
import sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.trace import set_tracer_provider
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
set_tracer_provider(provider)
sys.argv[1:] = ["serve", "--demo", "--state", "memory:"]
from sent_mcp.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "variables",
    [{}, {"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}],
    ids=["nothing set", "disabled", "none"],
)
async def test_who_asks_for_no_traces_loads_nothing(
    variables: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    """No SDK and no exporter, and nobody is connected to."""
    if variables:
        variables = {**variables, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    demo = ("-X", "importtime", *SERVE, "--demo", "--state", "memory:")
    async with started(tmp_path, demo, **variables) as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert await wire.end() == 0
    loaded = {line.rpartition("|")[2].strip() for line in wire.stderr.splitlines()}
    assert "opentelemetry.trace" in loaded
    for heavy in ("opentelemetry.sdk", "opentelemetry.exporter", "requests", "prometheus_client"):
        assert not any(name.startswith(heavy) for name in loaded), heavy
    assert collector.heads == []


async def test_without_the_extra_the_server_works_and_says_so(tmp_path: Path) -> None:
    """In one line, with the command that mends it."""
    async with started(tmp_path, ("-c", NO_SDK), OTEL_TRACES_EXPORTER="otlp") as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert await wire.end() == 0
    (line,) = wire.stderr.splitlines()
    assert "pip install 'sent-mcp[otel]'" in line


async def test_a_collector_that_is_away_costs_a_line(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """On stderr, without a traceback; calls are answered, and the end does not wait for it."""
    async with listening(polite) as gone:
        port = gone.port
    variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    variables["OTEL_BSP_SCHEDULE_DELAY"] = "10"
    began = anyio.current_time()
    said = await one_call(tmp_path, variables)
    assert anyio.current_time() - began < 8
    (warning,) = [line for line in said.splitlines() if not line.startswith("sent-mcp: The API is")]
    assert warning.startswith("WARNING sent_mcp.telemetry: OpenTelemetry: ")


async def test_a_collector_that_never_answers_delays_the_end_by_two_seconds(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """It would be waited for ten."""
    with collecting(threading.Event()) as silent:
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = silent.url
        async with started(tmp_path, SERVE, **variables) as wire:
            await wire.open(LEGACY)
            await wire.call("find_contact_by_phone", phone_number=SEEDED)
            began = anyio.current_time()
            assert await wire.end() == 0
            assert 1.5 < anyio.current_time() - began < 6
        assert len(silent.bodies) == 1
    assert "Traceback" not in wire.stderr


async def test_spans_can_be_read_on_stderr(tmp_path: Path, variables: dict[str, str]) -> None:
    """Where OTEL_TRACES_EXPORTER is `console`; stdout belongs to the protocol."""
    del variables["OTEL_EXPORTER_OTLP_ENDPOINT"]
    variables |= {"OTEL_TRACES_EXPORTER": "console", "OTEL_SERVICE_NAME": "team-sent"}
    async with started(tmp_path, SERVE, **variables) as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert await wire.end() == 0
    assert '"name": "GET /v3/contacts"' in wire.stderr
    assert '"service.name": "team-sent"' in wire.stderr
    assert SEEDED.removeprefix("+1") not in wire.stderr


async def test_an_sdk_that_is_there_already_is_used(tmp_path: Path) -> None:
    """As `opentelemetry-instrument` sets one up; what it has kept is sent at the end."""
    async with started(tmp_path, ("-c", ANOTHERS_SDK), OTEL_TRACES_EXPORTER="console") as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert await wire.end() == 0
    assert wire.stderr.count('"name": "tools/call find_contact_by_phone"') == 1
    assert "Overriding" not in wire.stderr


async def test_a_wrong_value_is_named_and_the_server_works(tmp_path: Path) -> None:
    """In one line."""
    wrong = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_BSP_MAX_QUEUE_SIZE": "-1"}
    async with started(tmp_path, (*SERVE, "--demo", "--state", "memory:"), **wrong) as wire:
        await wire.open(LEGACY)
        await wire.call("find_contact_by_phone", phone_number=SEEDED)
        assert await wire.end() == 0
    (line,) = wire.stderr.splitlines()
    assert line.startswith("sent-mcp: a value of OTEL_... is wrong")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": " Console, otlp "}, ["console", "otlp"]),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, []),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, []),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ["console"]),
    ],
)
def test_the_variables_say_where_spans_go(environment: dict[str, str], expected: list[str]) -> None:
    """As OpenTelemetry means them, but that nothing set is nowhere."""
    assert list(exporters_in(environment)) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_what_cannot_be_done_is_refused(environment: dict[str, str]) -> None:
    """With the variable's name."""
    with pytest.raises(TelemetryError, match="OTEL_.*nothing is traced"):
        exporters_in(environment)


def test_opentelemetrys_own_log_is_a_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """However often it fails, and never as an error."""
    theirs = logging.Logger("theirs")
    theirs.addHandler(SoftSpoken())
    for _ in range(3):
        theirs.error("Failed to export")
    theirs.info("Nothing")
    assert [(each.levelname, each.message) for each in caplog.records] == [
        ("WARNING", "OpenTelemetry: Failed to export")
    ]

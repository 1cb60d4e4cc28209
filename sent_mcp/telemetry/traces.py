"""Spans leave the process where OpenTelemetry's own variables ask for it (the extra `otel`).

A collector that is away costs a line a minute on stderr, and two seconds at the end.
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sent_mcp import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

END_SECONDS = 2.0
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"


class TelemetryError(Exception):
    """Spans are asked for and cannot be sent; the text is one line for the operator."""


def exporters_in(environment: Mapping[str, str]) -> Sequence[str]:
    """The exporters asked for: `otlp`, `console` or none. Raises TelemetryError.

    OpenTelemetry's specification ("General SDK configuration") sends to this machine where nothing
    is set; here an endpoint or an exporter must be named.
    """
    named = environment.get("OTEL_TRACES_EXPORTER", "")
    if not named and any(environment.get(name) for name in _ENDPOINTS):
        named = "otlp"
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        named = "none"
    found = [each.strip().lower() for each in named.split(",") if each.strip()]
    if "none" in found:
        return ()
    if not set(found) <= {"otlp", "console"}:
        raise TelemetryError("OTEL_TRACES_EXPORTER can be otlp, console or none; nothing is traced")
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _SPOKEN)
    if "otlp" in found and protocol != _SPOKEN:
        raise TelemetryError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL can only be {_SPOKEN}; nothing is traced"
        )
    return found


def begin_traces(environment: Mapping[str, str]) -> Callable[[], None]:
    """Send spans from now on, if they are asked for; returns what ends it, in two seconds at most.

    Raises TelemetryError, after which the server works without.
    """
    exporters = exporters_in(environment)
    if not exporters:
        return _nothing
    try:
        provider = _provider(exporters)
    except ImportError:
        raise TelemetryError(
            "traces are asked for (OTEL_...), and the extra that sends them is not installed:"
            " pip install 'sent-mcp[otel]'; nothing is traced"
        ) from None
    except (ValueError, OSError) as error:
        raise TelemetryError(f"a value of OTEL_... is wrong ({error}); nothing is traced") from None
    return lambda: _end(provider)


def _nothing() -> None:
    """Nothing was begun."""


def _end(provider: "TracerProvider") -> None:
    # The SDK's own bounds end where a collector accepts and does not answer.
    ending = threading.Thread(target=provider.shutdown, daemon=True)
    ending.start()
    ending.join(END_SECONDS)


def _provider(exporters: Sequence[str]) -> "TracerProvider":
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import get_tracer_provider, set_tracer_provider

    from sent_mcp.telemetry.exporting import speak_softly

    present = get_tracer_provider()
    if isinstance(present, TracerProvider):
        # `opentelemetry-instrument` was here before.
        return present
    speak_softly()
    own = Resource.create({"service.name": "sent-mcp", "service.version": __version__})
    provider = TracerProvider(
        resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
    )
    for name in exporters:
        provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    set_tracer_provider(provider)
    return provider


def _exporter(name: str) -> "SpanExporter":
    from sent_mcp.telemetry.exporting import MaskedExporter

    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return MaskedExporter(ConsoleSpanExporter(out=sys.stderr))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return MaskedExporter(OTLPSpanExporter())

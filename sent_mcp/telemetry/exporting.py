"""What is sent to a collector, and what is said when that fails. Loads the SDK."""

import logging
import time
from collections.abc import Mapping, Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from sent_mcp.masking import mask_log

_QUIET_SECONDS = 60.0
_PLAIN = ("mcp.protocol.version", "server.address")
"""Attributes with many digits that are no number: a date, and what the operator's URL names."""
_log = logging.getLogger("sent_mcp.telemetry")


class MaskedExporter(SpanExporter):
    """Passes spans on without what looks like a phone number or a key in any text of theirs."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See SpanExporter."""
        return self._exporter.export([_masked(span) for span in spans])

    def shutdown(self) -> None:
        """See SpanExporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """See SpanExporter."""
        return self._exporter.force_flush(timeout_millis)


class SoftSpoken(logging.Handler):
    """Of what OpenTelemetry logs, a line a minute: with a collector away it logs every retry."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._quiet_until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Say it as a warning of ours, without a traceback."""
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET_SECONDS
            _log.warning("OpenTelemetry: %s", record.getMessage())


def speak_softly() -> None:
    """Let OpenTelemetry's own log be heard like that."""
    theirs = logging.getLogger("opentelemetry")
    theirs.propagate = False
    theirs.handlers[:] = [SoftSpoken()]


def _masked(span: ReadableSpan) -> ReadableSpan:
    status = span.status
    events = [
        Event(mask_log(event.name), _masked_values(event.attributes), event.timestamp)
        for event in span.events
    ]
    return ReadableSpan(
        mask_log(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_masked_values(span.attributes),
        events=events,
        links=span.links,
        kind=span.kind,
        status=Status(status.status_code, mask_log(status.description or "") or None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _masked_values(attributes: Mapping[str, AttributeValue] | None) -> dict[str, AttributeValue]:
    return {
        name: value if name in _PLAIN else _masked_value(value)
        for name, value in (attributes or {}).items()
    }


def _masked_value(value: AttributeValue) -> AttributeValue:
    if isinstance(value, str):
        return mask_log(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [mask_log(each) if isinstance(each, str) else each for each in value]
    return value

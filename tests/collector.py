"""An OpenTelemetry collector on a loopback socket: keeps what is exported to it."""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Exported

from tests.leaks import WATCH

SERVER, CLIENT = Exported.SPAN_KIND_SERVER, Exported.SPAN_KIND_CLIENT
FAILED = 2
"""The status code of a span with an error."""


@dataclass(frozen=True)
class Span:
    """One span that came, and who sent it."""

    exported: Exported
    resource: dict[str, str | int]

    @property
    def name(self) -> str:
        """Its name."""
        return self.exported.name

    @property
    def trace(self) -> str:
        """The trace it belongs to."""
        return self.exported.trace_id.hex()

    @property
    def id(self) -> str:
        """Its own id."""
        return self.exported.span_id.hex()

    @property
    def parent(self) -> str:
        """The id of the span it is within; empty without one."""
        return self.exported.parent_span_id.hex()

    @property
    def attributes(self) -> dict[str, str | int]:
        """What is known of it."""
        return dict(map(_pair, self.exported.attributes))


class Collector:
    """Whatever was exported, as the bytes that came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[str] = []
        self.url = ""

    @property
    def raw(self) -> bytes:
        """All of it."""
        return b"".join(self.bodies)

    @property
    def spans(self) -> list[Span]:
        """All of it, read as OTLP."""
        return [span for body in self.bodies for span in _spans(body)]

    def one(self, name: str) -> Span:
        """The only span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


@contextmanager
def collecting(answers: threading.Event | None = None) -> Generator[Collector]:
    """A collector; with `answers` it says nothing before that is set."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Takes an export."""
            collector.heads.append(f"{self.path}\n{self.headers}")
            collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            for text in texts_of(collector.bodies[-1]):
                WATCH.see("a trace", text)
            if answers is not None:
                answers.wait()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Is silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            if answers is not None:
                answers.set()
            server.shutdown()
            thread.join()


def texts_of(body: bytes) -> Iterator[str]:
    """Every text of an export that somebody may read, with the name it stands under."""
    for span in _spans(body):
        yield f"name={span.name}"
        yield f"state={span.exported.trace_state} status={span.exported.status.message}"
        yield from (
            f"{name}={value}" for name, value in {**span.attributes, **span.resource}.items()
        )
        for event in span.exported.events:
            yield f"event={event.name}"
            yield from ("=".join(map(str, _pair(each))) for each in event.attributes)


def _spans(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = dict(map(_pair, resource.resource.attributes))
        for scope in resource.scope_spans:
            yield from (Span(span, about) for span in scope.spans)


def _pair(found: KeyValue) -> tuple[str, str | int]:
    value: AnyValue = found.value
    return found.key, value.int_value if value.HasField("int_value") else value.string_value

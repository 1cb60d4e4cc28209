"""Each HTTP request to Sent as an OpenTelemetry span, within that of the tool call it belongs to.

Without an SDK in the process the spans do nothing. No header tells Sent of them.
"""

from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, StatusCode, get_tracer
from opentelemetry.trace.span import Span

from sent_mcp.client.answers import Request

_tracer = get_tracer("sent_mcp.client")
_FIRST_ERROR = 400
_PORTS = {"http": 80, "https": 443}


class RequestSpan:
    """A span that ends with the block, and with its error."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Self:
        return self

    def answered(self, status: int) -> None:
        """Sent has answered with this status."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= _FIRST_ERROR:
            self._failed(str(status))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Its text is left out: it may quote anything.
        if kind is not None:
            self._failed(kind.__qualname__)
        self._span.end()

    def _failed(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)


class RequestSpans:
    """Makes the spans of the requests to one base URL."""

    def __init__(self, base_url: str) -> None:
        """A URL that no request can have is told by the first one."""
        try:
            url = urlsplit(base_url)
            self._host, self._port = url.hostname or "", url.port or _PORTS.get(url.scheme, 0)
        except ValueError:
            self._host, self._port = "", 0

    def start(self, request: Request, *, resends: int) -> RequestSpan:
        """The span of a request that was sent so many times before.

        Attributes are those of the semantic conventions for HTTP clients, but for `url.full`: ids
        and numbers are in it, and none in the template.
        """
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "url.template": request.path,
            "server.address": self._host,
            "server.port": self._port,
        }
        if resends:
            attributes["http.request.resend_count"] = resends
        name = f"{request.method} {request.path}"
        return RequestSpan(_tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes))

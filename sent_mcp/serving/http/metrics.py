"""What Prometheus reads: how much is done here and how long it takes, never for whom or about whom.

With several processes on one socket each writes into files of one folder, and whichever answers
`/metrics` sums up all. prometheus_client learns of the folder when it is loaded, from
`PROMETHEUS_MULTIPROC_DIR`.
"""

from collections.abc import Container
from functools import partial

import anyio.to_thread
import mcp_types as mcp
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import (
    MultiProcessCollector,
    mark_process_dead,  # pyright: ignore[reportUnknownVariableType]  # untyped there
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sent_mcp import __version__
from sent_mcp.observing import Outcome
from sent_mcp.serving.http.answers import HttpError, send_bytes

_PAGE = "/metrics"
_TEXT = CONTENT_TYPE_PLAIN_0_0_4.encode()
_NO_ANSWER = "none"
_OTHER = "other"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts tool calls and API requests (it is an Observer), and requests over HTTP."""

    def __init__(self, folder: str | None = None) -> None:
        """`folder` is the one that several processes share."""
        # A series of times for every other series, which nobody reads.
        disable_created_metrics()
        self._folder = folder
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        histogram = partial(Histogram, registry=self._registry, buckets=_SECONDS)
        gauge = partial(Gauge, registry=self._registry)
        self._calls = counter(
            "sent_mcp_tool_calls", "Tool calls, by how they ended", ["tool", "outcome"]
        )
        self._call_seconds = histogram(
            "sent_mcp_tool_seconds", "How long tool calls took, asking included", ["tool"]
        )
        self._api_requests = counter(
            "sent_mcp_api_requests", "Requests to Sent, retries included", ["method", "status"]
        )
        self._api_seconds = histogram("sent_mcp_api_seconds", "How long Sent took to answer")
        self._requests = counter(
            "sent_mcp_http_requests", "HTTP requests served here", ["path", "status"]
        )
        self._under_way = gauge(
            "sent_mcp_http_under_way",
            "HTTP requests not answered yet, but for those of this page",
            multiprocess_mode="livesum",
        )
        info = gauge("sent_mcp_info", "The version", ["version"], multiprocess_mode="max")
        info.labels(__version__).set(1)

    def tool_called(self, tool: str, outcome: Outcome, seconds: float) -> None:
        """See Observer."""
        self._calls.labels(tool, outcome).inc()
        self._call_seconds.labels(tool).observe(seconds)

    def api_requested(self, method: str, status: int | None, seconds: float) -> None:
        """See Observer."""
        self._api_requests.labels(method, _NO_ANSWER if status is None else str(status)).inc()
        self._api_seconds.observe(seconds)

    def counted(self, app: ASGIApp, paths: Container[str]) -> ASGIApp:
        """`app` with its requests counted, under one name for all but these paths.

        A request is counted when its answer begins, so that whoever has read that finds it here.
        """

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["path"] in paths else _OTHER
            status = _NO_ANSWER

            async def sent(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                    self._requests.labels(path, status).inc()
                await send(message)

            step = 0 if path == _PAGE else 1
            self._under_way.inc(step)
            try:
                await app(scope, receive, sent)
            finally:
                self._under_way.dec(step)
                if status == _NO_ANSWER:
                    self._requests.labels(path, status).inc()

        return answer

    async def show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All of it in Prometheus' text format, of all processes where there are several.

        Raises HttpError for anything but GET.
        """
        if scope["method"] != "GET":
            raise HttpError(
                405, mcp.INVALID_REQUEST, "Only GET is served here", headers={"allow": "GET"}
            )
        await send_bytes(send, 200, _TEXT, await anyio.to_thread.run_sync(self._page))

    def _page(self) -> bytes:
        if self._folder is None:
            return generate_latest(self._registry)
        every = CollectorRegistry()
        MultiProcessCollector(every, self._folder)
        return generate_latest(every)


def forget(folder: str, pid: int) -> None:
    """A process of those that share `folder` is gone: it has nothing under way any more."""
    mark_process_dead(pid, folder)

"""`sent-mcp serve --transport http`: one process, or several that share a socket."""

import os
import socket
import sys
from collections.abc import Sequence
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from sent_mcp.cli.launch import launch_emulator
from sent_mcp.cli.serve_flags import ServeFlags
from sent_mcp.cli.start_warnings import about, about_http, warn
from sent_mcp.cli.traces import traced
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings, load_http_settings
from sent_mcp.server import build_server
from sent_mcp.serving.http.credentials import Credentials, credentials_of
from sent_mcp.serving.http.listening import address_of, adopted, listen
from sent_mcp.serving.http.serve import serve_socket
from sent_mcp.serving.http.workers import Workers
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.settings import Settings
from sent_mcp.state import MEMORY

if TYPE_CHECKING:
    from sent_mcp.serving.http.metrics import Metrics

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def serve_http(given: ServeFlags, settings: Settings, arguments: Sequence[str]) -> int:
    """Serve until a signal; the exit code. Raises SettingsError."""
    http = load_http_settings(**given.http)
    refuse_together(settings, http, demo=given.demo)
    # Before anybody is told where the server is: the keys for `--auth jwt` may be none.
    credentials = credentials_of(http)
    log_to_stderr(settings.log_level)
    if given.listener is not None:
        # Not who is the parent by now: the one that started this process may have gone already.
        listening = adopted(given.listener)
        return _serve(given, settings, http, credentials, listening, parent=given.parent)
    try:
        listening = listen(http.host, http.port)
    except OSError as error:
        where = f"{http.host}:{http.port}"
        # The library says the address again, as Python writes it.
        why = (error.strerror or str(error)).partition(" (")[0]
        raise SettingsError(
            f"--host, --port: {where} cannot be listened on ({why})", code="SETTINGS"
        ) from None
    warn([*about(settings, demo=given.demo), *about_http(settings, http)])
    warn([f"Serving MCP at http://{address_of(listening)}/mcp (Ctrl-C ends it)."])
    if http.workers == 1:
        return _serve(given, settings, http, credentials, listening, parent=None)
    command = (sys.executable, "-P", "-m", "sent_mcp", "serve", *arguments)
    return _serve_with_workers(command, listening, http.workers)


def _serve_with_workers(command: Sequence[str], listening: socket.socket, count: int) -> int:
    try:
        shared = TemporaryDirectory(prefix="sent-mcp-metrics-", ignore_cleanup_errors=True)
    except OSError as error:
        raise SettingsError(
            f"--workers needs a folder for temporary files; TMPDIR can name one ({error.strerror})",
            code="SETTINGS",
        ) from None
    with shared as folder:
        environment = {**os.environ, _FOLDER: folder}
        workers = Workers(command, listening, count, environment, partial(_forget, folder))
        return anyio.run(workers.run)


def _forget(folder: str, pid: int) -> None:
    from sent_mcp.serving.http.metrics import forget

    forget(folder, pid)


def _metrics(*, shared: bool) -> "Metrics":
    folder = os.environ.get(_FOLDER) if shared else None
    if folder is None:
        # The library would use whatever folder is named there when it is loaded.
        os.environ.pop(_FOLDER, None)
    from sent_mcp.serving.http.metrics import Metrics

    return Metrics(folder)


def _serve(
    given: ServeFlags,
    settings: Settings,
    http: HttpSettings,
    credentials: Credentials,
    listening: socket.socket,
    *,
    parent: int | None,
) -> int:
    emulator = launch_emulator(demo=given.demo, demo_db=given.demo_db)
    metrics = _metrics(shared=given.listener is not None)
    server = build_server(
        settings,
        emulator=emulator,
        passthrough=http.access == "passthrough",
        observer=metrics,
    )
    end_traces = traced()
    try:
        serving = partial(serve_socket, credentials=credentials, parent=parent, metrics=metrics)
        return anyio.run(serving, server, http, listening, server.reach_state)
    finally:
        # Calls that were cut off at the very end have just said so.
        server.abandon()
        end_traces()


def refuse_together(settings: Settings, http: HttpSettings, *, demo: bool) -> None:
    """Raises SettingsError for settings that are fine alone."""
    reason = None
    if http.workers > 1 and demo:
        reason = "--workers: a demo has one process, which holds its address book; use 1"
    elif http.workers > 1 and settings.state == MEMORY:
        reason = "--workers: memory: is the state of one process; name a file or a Redis, or use 1"
    elif http.access == "passthrough" and settings.api_version == "v1":
        reason = "--auth passthrough needs v3: a v1 key goes with the operator's sender id"
    if reason is not None:
        raise SettingsError(reason, code="SETTINGS")

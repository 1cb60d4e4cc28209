"""Servers over HTTP: in a process of their own, as an operator starts them, and in the test's."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from anyio.to_thread import run_sync

from sent_mcp.http_settings import HttpSettings, load_http_settings
from sent_mcp.server import build_server
from sent_mcp.serving.http.app import App
from sent_mcp.serving.http.credentials import credentials_of
from sent_mcp.serving.http.exchange import Exchange
from sent_mcp.serving.http.listening import HttpServer, listen
from sent_mcp.serving.http.origins import Origins
from sent_mcp.serving.http.readiness import Readiness
from sent_mcp.settings import load_settings
from tests.door import KEY
from tests.http.wire import Site
from tests.leaks import WATCH
from tests.serving.wire import Message

_SECONDS = 30
PROGRAM = (sys.executable, "-m", "sent_mcp")
ANNA, BEN = "a-token-of-anna-that-is-long-enough", "a-token-of-ben-that-is-long-enough-too"
TOKENS = {"SENT_MCP_HTTP_TOKENS": f"anna:{ANNA},ben:{BEN}"}


def environment(home: Path, **variables: str) -> dict[str, str]:
    """What a process gets; the measuring of coverage must know its way there."""
    passed = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    folders = {"HOME": str(home), "XDG_STATE_HOME": str(home)}
    WATCH.know(variables)
    return {"PATH": os.environ["PATH"], **folders, **passed, **variables}


def reaching(url: str, state: Path | str = "memory:") -> dict[str, str]:
    """The variables of a server that reaches a served emulator."""
    return {"SENT_API_KEY": KEY, "SENT_BASE_URL": url, "SENT_MCP_STATE": str(state)}


@dataclass(frozen=True)
class Running(Site):
    """A server in a process of its own, and what it has written so far."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    @property
    def stderr(self) -> str:
        """What it wrote there."""
        return self.err.read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def ended(self, within: float = _SECONDS) -> int:
        """Wait for its end; the exit code."""
        return await run_sync(self.process.wait, within)


@contextmanager
def started(
    home: Path, *flags: str, program: Sequence[str] = PROGRAM, **variables: str
) -> Generator[Running]:
    """`sent-mcp serve --transport http` on a free port, in a group of its own.

    It must write nothing to stdout, and is killed if it has not ended. `program` takes the place of
    `sent-mcp`.
    """
    number = len(list(home.glob("*.err")))
    out, err = home / f"{number}.out", home / f"{number}.err"
    command = [*program, "serve", "--transport", "http", "--port", "0"]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *flags],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=environment(home, **variables),
            start_new_session=True,
        )
    with process:
        try:
            yield Running(_port(process, err), process, out, err)
        finally:
            process.kill()
    WATCH.see("stderr", err.read_text())
    assert out.read_bytes() == b""


def _port(process: "subprocess.Popen[bytes]", err: Path) -> int:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        for line in err.read_text().splitlines():
            if "Serving MCP at " in line:
                port = urlsplit(line.split()[4]).port
                assert port is not None
                return port
        assert process.poll() is None, err.read_text()
        time.sleep(0.01)
    raise TimeoutError(err.read_text())


@dataclass(frozen=True)
class Inside(Site):
    """A server in the test's own process."""

    serving: HttpServer


@asynccontextmanager
async def inside(
    url: str,
    *,
    http: HttpSettings | None = None,
    state: Path | str = "memory:",
    **settings: object,
) -> AsyncGenerator[Inside]:
    """A server that reaches a served emulator, in this process."""
    given: dict[str, object] = {"api_key": KEY, "base_url": url, "state": str(state), **settings}
    http = http or load_http_settings()
    WATCH.know(given)
    server = build_server(load_settings([], **given), passthrough=http.access == "passthrough")
    readiness = Readiness(server.reach_state)
    listening = listen("127.0.0.1", 0)
    async with server.lifespan(server) as lifespan:
        app = App(Exchange(server, lifespan), credentials_of(http), Origins(http), readiness)
        serving = HttpServer(app, readiness)
        port = listening.getsockname()[1]
        until_stopped = asyncio.create_task(serving.until_signal(listening))
        looking = asyncio.create_task(readiness.keep_looking())
        try:
            yield Inside(port, serving)
        finally:
            serving.stop()
            await until_stopped
            looking.cancel()


async def log_of(url: str) -> list[Message]:
    """The API requests an emulator got."""
    async with httpx.AsyncClient(base_url=url) as http:
        return (await http.get("/__emulator/requests")).json()


async def nothing_done(url: str) -> None:
    """An emulator got no request."""
    assert await log_of(url) == []


async def lines_of(audit: Path, least: int) -> list[Message]:
    """What an audit log says, which is written behind the answers: so many lines, or more."""

    def read() -> list[Message]:
        until = time.monotonic() + _SECONDS
        while not audit.exists() or audit.read_text().count("\n") < least:
            assert time.monotonic() < until, f"no {least} lines in {audit}"
            time.sleep(0.01)
        return [json.loads(line) for line in audit.read_text().splitlines()]

    return await run_sync(read)


async def changes_of(url: str) -> list[str]:
    """Those of them that change something: method and path."""
    log = await log_of(url)
    return [f"{each['method']} {each['path']}" for each in log if each["method"] != "GET"]

"""Two servers that share a Redis, and a client whose every request reaches the other one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle

import httpx
import httpx2
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.types import ASGIApp

from sent_mcp.http_settings import load_http_settings
from sent_mcp.server import build_server
from sent_mcp.serving.http.app import App
from sent_mcp.serving.http.credentials import NoCredentials
from sent_mcp.serving.http.exchange import Exchange
from sent_mcp.serving.http.origins import Origins
from sent_mcp.serving.http.readiness import Readiness
from sent_mcp.settings import Settings
from tests.door import Door, served
from tests.guard.hosts import Host

URL = "http://localhost/mcp"
SECRET = "the secret of both replicas, 32 bytes"


class InTurns(httpx2.AsyncBaseTransport):
    """A load balancer: each request goes to the next replica."""

    def __init__(self, replicas: Sequence[ASGIApp]) -> None:
        self._replicas = cycle([httpx2.ASGITransport(app=replica) for replica in replicas])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Its answer."""
        return await next(self._replicas).handle_async_request(request)


@asynccontextmanager
async def replica(settings: Settings) -> AsyncGenerator[App]:
    """One server behind HTTP; this machine's own, so it asks for no credentials."""
    server = build_server(settings)
    async with server.lifespan(server) as state:
        origins = Origins(load_http_settings())
        yield App(Exchange(server, state), NoCredentials(), origins, Readiness(server.reach_state))


@asynccontextmanager
async def before(
    host: Host, emulator: Starlette, redis_url: str, era: str, **settings: object
) -> AsyncGenerator[tuple[Door, Door]]:
    """A host before two replicas: in turns, and before the second one alone."""
    async with AsyncExitStack() as opened:
        enter = opened.enter_async_context
        url = await enter(served(emulator))
        given = host.settings(redis_url, secret=SECRET, base_url=url, **settings)
        replicas = [await enter(replica(given)) for _ in range(2)]
        http = await enter(httpx.AsyncClient(base_url=url))
        doors: list[Door] = []
        for behind in (replicas, replicas[1:]):
            over_http = await enter(httpx2.AsyncClient(transport=InTurns(behind)))
            leading = streamable_http_client(URL, http_client=over_http)
            doors.append(Door(await enter(host.client(leading, era)), http))
        yield doors[0], doors[1]

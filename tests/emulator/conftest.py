"""An emulator per test: behind an in-process transport, and on a real socket."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from sent_dm import AsyncSent
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from tests import door

KEY = "sk_test_emulator"
Advance = Callable[[float], Awaitable[None]]


def client_of(app: Starlette, *, key: str | None = KEY) -> httpx.AsyncClient:
    """A client of `app` in this process, by a name that control endpoints accept."""
    headers = {} if key is None else {"x-api-key": key}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers
    )


def sent_of(http: httpx.AsyncClient) -> AsyncSent:
    """The official SDK, strict about every answer and never retrying."""
    return AsyncSent(
        api_key=KEY,
        base_url=str(http.base_url),
        http_client=http,
        max_retries=0,
        _strict_response_validation=True,
    )


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
async def http(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
def sent(http: httpx.AsyncClient) -> AsyncSent:
    return sent_of(http)


@pytest.fixture
def advance(http: httpx.AsyncClient) -> Advance:
    """Moves the emulated clock."""

    async def move(seconds: float) -> None:
        response = await http.post("/__emulator/clock", json={"advance_seconds": seconds})
        assert response.status_code == 200

    return move


@pytest.fixture
async def served(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the same emulator over a real socket."""
    async with (
        door.served(app) as url,
        httpx.AsyncClient(base_url=url, headers={"x-api-key": KEY}) as client,
    ):
        yield client

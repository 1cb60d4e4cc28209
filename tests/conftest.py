"""What every test may ask for. Async tests are run by anyio's pytest plugin, on asyncio."""

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from tests.door import Door, opened
from tests.leaks_plugin import LeakPlugin, watch_exceptions
from tests.state.redis import RedisProcess, running_redis


def pytest_configure(config: pytest.Config) -> None:
    """Every test is watched for keys and numbers that leak."""
    config.pluginmanager.register(LeakPlugin())
    watch_exceptions()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own shell reaches a test."""
    for name in list(os.environ):
        if name.startswith(("SENT_", "OTEL_")):
            monkeypatch.delenv(name)


@pytest.fixture
def app() -> Starlette:
    """An emulator of its own."""
    return create_app()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where a state file may be."""
    return tmp_path / "state.sqlite"


@pytest.fixture
async def door(app: Starlette, state: Path) -> AsyncGenerator[Door]:
    """A client before the server before the emulator."""
    async with opened(app, state) as door:
        yield door


@pytest.fixture(scope="session")
def shared_redis() -> Generator[RedisProcess]:
    """One server for all tests that leave it as it was."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis(shared_redis: RedisProcess) -> RedisProcess:
    """The same, empty."""
    shared_redis.tell("FLUSHALL")
    return shared_redis

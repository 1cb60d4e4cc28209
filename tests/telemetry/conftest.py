"""A server with a collector of its traces behind it, and an emulator to reach."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.collector import Collector, collecting
from tests.door import KEY, SEEDED, served
from tests.http.wire import LEGACY
from tests.serving.wire import SERVE, Message, started


@pytest.fixture
def collector() -> Generator[Collector]:
    """A collector of its own."""
    with collecting() as collector:
        yield collector


@pytest.fixture
async def url(app: Starlette) -> AsyncGenerator[str]:
    """An emulator on a socket."""
    async with served(app) as url:
        yield url


@pytest.fixture
def variables(url: str, collector: Collector) -> dict[str, str]:
    """The settings of a server that reaches it, and sends its traces to the collector."""
    return {
        "SENT_API_KEY": KEY,
        "SENT_BASE_URL": url,
        "SENT_MCP_STATE": "memory:",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
    }


async def one_call(home: Path, variables: dict[str, str], meta: Message | None = None) -> str:
    """What the server wrote to stderr."""
    async with started(home, SERVE, **variables) as wire:
        await wire.open(LEGACY)
        result = await wire.call("find_contact_by_phone", meta, phone_number=SEEDED)
        assert not result.get("isError"), result
        assert await wire.end() == 0
    return wire.stderr

"""An emulator per test, and a client before the server before it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from tests.door import Door, opened


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
async def door(app: Starlette, state: Path) -> AsyncGenerator[Door]:
    async with opened(app, state) as door:
        yield door


@pytest.fixture
def soon() -> str:
    """An hour from now."""
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()

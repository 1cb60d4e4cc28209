"""What every test of the server over HTTP may ask for."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from sent_mcp.emulator import create_app
from sent_mcp.serving.http import wrong_keys
from tests.door import served
from tests.http.sites import Running, reaching, started


@pytest.fixture
async def url(app: Starlette) -> AsyncGenerator[str]:
    """An emulator on a socket."""
    async with served(app) as url:
        yield url


@pytest.fixture(scope="module")
async def shared_url() -> AsyncGenerator[str]:
    """An emulator for a whole file of tests."""
    async with served(create_app()) as url:
        yield url


@pytest.fixture(scope="module")
async def shared_site(
    shared_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Running]:
    """A server before it, open to this machine; nothing may go wrong in it."""
    with started(tmp_path_factory.mktemp("site"), **reaching(shared_url)) as site:
        yield site
    assert "Traceback" not in site.stderr


@pytest.fixture
async def site(shared_site: Running, shared_url: str) -> Running:
    """The same server, with an empty log behind it."""
    async with httpx.AsyncClient(base_url=shared_url) as http:
        assert (await http.delete("/__emulator/requests")).is_success
    return shared_site


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a server has its files."""
    return tmp_path


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wrong tokens are tried, and none of them too many."""
    monkeypatch.setattr(wrong_keys, "FREE_TRIES", 1_000)

"""Keys that are read from a URL: once for all who come, and only from where they can be trusted."""

import ssl
from pathlib import Path

import anyio
import pytest
import trustme

from sent_mcp import __version__
from tests.http.identity import Provider, said_to, settings, token, trusting, unknown
from tests.http.sites import inside

pytestmark = pytest.mark.usefixtures("patient")


async def test_keys_of_a_url_are_asked_for_once(url: str) -> None:
    """And not again for tokens whose key is unknown, whoever sends how many."""
    provider = Provider()
    async with trusting(url, provider) as site:
        assert (await said_to(site, "..")).status == 401
        assert provider.asked == 0
        for _ in range(3):
            assert (await said_to(site, token())).status == 200
        for n in range(10):
            assert (await said_to(site, unknown(n))).status == 401
    assert provider.asked == 1
    assert f"User-Agent: sent-mcp/{__version__}" in provider.headers


async def test_many_who_come_at_once_share_one_reading(url: str) -> None:
    """Whatever the first of them brings."""
    provider = Provider()
    provider.open.clear()
    found: list[int] = []

    async def ask(made: str) -> None:
        found.append((await said_to(site, made)).status)

    async with trusting(url, provider) as site, anyio.create_task_group() as tasks:
        for made in (unknown(), token(), token("ec"), token("ed")):
            tasks.start_soon(ask, made)
        await provider.was_asked(1)
        provider.open.set()
    assert sorted(found) == [200, 200, 200, 401]
    assert provider.asked == 1


async def test_who_hangs_up_stops_no_reading(url: str) -> None:
    """Others wait for the same one."""
    provider = Provider()
    provider.open.clear()
    async with trusting(url, provider) as site:
        async with site.connected() as connection:
            said = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            await connection.say(site.bearer(token()).bytes_of(said))
            await provider.was_asked(1)
        provider.open.set()
        assert (await said_to(site, token())).status == 200
    assert provider.asked == 1


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    """Of a provider whose certificate is trusted."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("127.0.0.1")
    certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  # pyOpenSSL's, too
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context


async def test_keys_are_fetched_only_from_where_nobody_can_change_them(
    url: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect to https is followed, one to http is not; no proxy reads from this machine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    safe, plain = Provider(), Provider()
    async with safe.served(tls) as there, plain.served() as open_to_all:
        for location, status in ((there, 200), (open_to_all, 503)):
            provider = Provider(b"", 302, location=location)
            async with trusting(url, provider) as site:
                assert (await said_to(site, token())).status == status
    assert (safe.asked, plain.asked) == (1, 0)


async def test_a_certificate_that_is_not_trusted_is_no_provider(
    url: str, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shows it could be anybody."""
    monkeypatch.delenv("SSL_CERT_FILE")
    provider = Provider()
    async with provider.served(tls) as keys, inside(url, http=settings(keys)) as site:
        assert (await said_to(site, token())).status == 503
    assert provider.asked == 0

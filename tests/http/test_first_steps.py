"""What a host tries first: a handshake with whatever version in its header, and signing in."""

import json
from collections.abc import AsyncGenerator

import pytest

from sent_mcp.http_settings import load_http_settings
from tests.http.sites import TOKENS, Inside, Running, inside
from tests.http.wire import LEGACY, MODERN, fields_of, message, request
from tests.serving.wire import Message

HELLO: Message = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
CONFIGURED = "in the host's configuration, as the header Authorization: Bearer TOKEN"
versions = pytest.mark.parametrize("version", [MODERN, "2099-01-01", "draft", ""])


@versions
@pytest.mark.parametrize("hoped", [LEGACY, "2025-03-26", MODERN, "2099-01-01"])
async def test_a_handshake_negotiates_whatever_its_header_hopes_for(
    site: Running, version: str, hoped: str
) -> None:
    """As without the header: some clients send the latest version they know."""
    hello = json.dumps(message("initialize", {**HELLO, "protocolVersion": hoped})).encode()
    with_it = await site.ask(request(hello, {"MCP-Protocol-Version": version}))
    assert with_it.json == (await site.ask(request(hello))).json
    assert with_it.result["protocolVersion"] == (hoped if hoped < LEGACY else LEGACY)


@versions
async def test_with_an_envelope_it_is_no_handshake(site: Running, version: str) -> None:
    """2026-07-28 has none."""
    said = message("initialize", HELLO, era=MODERN)
    fields = {**fields_of(said, MODERN), "MCP-Protocol-Version": version}
    answer = await site.ask(request(json.dumps(said).encode(), fields))
    assert answer.status in (400, 404)


@pytest.mark.parametrize("version", [MODERN, "2099-01-01", "draft"])
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "ping", "Initialize"])
async def test_everything_else_keeps_to_the_header(
    site: Running, version: str, method: str
) -> None:
    """Without an envelope it is no request of that version."""
    said = json.dumps(message(method, {"name": "list_contacts"})).encode()
    answer = await site.ask(request(said, {"MCP-Protocol-Version": version, "Mcp-Method": method}))
    assert answer.status == 400
    assert answer.json["id"] == 1


@pytest.fixture
async def guarded(url: str) -> AsyncGenerator[Inside]:
    """A server for whom knows a token."""
    http = load_http_settings(auth="tokens", tokens=TOKENS["SENT_MCP_HTTP_TOKENS"])
    async with inside(url, http=http) as site:
        yield site


async def test_who_brings_no_token_reads_where_to_put_it(guarded: Inside, url: str) -> None:
    """Their host shows it to them."""
    answer = await guarded.client().ask("tools/list")
    assert answer.status == 401
    assert CONFIGURED in answer.error["message"]
    async with inside(url, http=load_http_settings(auth="passthrough")) as site:
        answer = await site.client().ask("tools/list")
    assert answer.status == 401
    assert CONFIGURED in answer.error["message"]
    assert "x-api-key" in answer.error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/register"),
        ("GET", "/authorize?response_type=code&client_id=x"),
        ("POST", "/token"),
    ],
)
async def test_a_host_that_tries_oauth_is_told_what_to_do_instead(
    guarded: Inside, method: str, path: str
) -> None:
    """As RFC 7591, 3.2.2 has errors; hosts show the description."""
    answer = await guarded.ask(request(b'{"redirect_uris": []}', method=method, path=path))
    assert answer.status == 404
    assert answer.json["error"] == "invalid_request"
    said = answer.json["error_description"]
    assert said.startswith("There is no OAuth here.")
    assert CONFIGURED in said


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/openid-configuration",
    ],
)
async def test_there_is_nothing_to_discover(guarded: Inside, path: str) -> None:
    """A host that finds something would send its user there."""
    answer = await guarded.get(path)
    assert answer.status == 404
    assert answer.error["message"] == "Not found; MCP is served at /mcp"

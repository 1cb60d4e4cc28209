"""A page on the web must not reach in here: Host and Origin, and what browsers are allowed."""

from typing import Any

import pytest

from sent_mcp.http_settings import load_http_settings
from sent_mcp.serving.http.origins import _any_port  # pyright: ignore[reportPrivateUsage]
from tests.http.calls import CALL, body
from tests.http.sites import ANNA, TOKENS, Running, inside, nothing_done, reaching, started
from tests.http.wire import LEGACY, MODERN, Answer, Site, fields_of, message, request

APP, EVIL = "https://app.example.com", "https://evil.example"
OWN = {"tokens": TOKENS["SENT_MCP_HTTP_TOKENS"]}


async def found(site: Site, token: str = "", **fields: str) -> Answer:
    """A call with these fields; `_` in a name is `-`."""
    given = {name.replace("_", "-"): value for name, value in fields.items()}
    if token:
        given["Authorization"] = f"Bearer {token}"
    return await site.ask(request(body(CALL), given))


def no_cors(answer: Answer) -> None:
    """No page may read it."""
    assert not [name for name in answer.fields if name.startswith("access-control-")]


@pytest.mark.parametrize("host", ["localhost", "localhost:{}", "127.0.0.1:{}", "[::1]:{}"])
@pytest.mark.parametrize("port", ["1", "8000", "{}"])
async def test_this_machines_own_names_are_fine(site: Running, host: str, port: str) -> None:
    """With any port: it may be forwarded."""
    given = host.format(port).format(site.port)
    assert (await found(site, Host=given)).result
    assert (await found(site, Host=given.upper())).result


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "localhost.evil.example",
        "127.0.0.1.evil.example:{}",
        "localhost@evil.example",
        "evil.example#localhost",
        "localhost:{}:80",
        "localhost:",
        "localhost:x",
        "127.0.0.2",
        "[::2]",
        "::1",
        "0.0.0.0:{}",
        "localhost.",
        "localhost localhost",
    ],
)
async def test_another_host_is_refused(site: Running, shared_url: str, host: str) -> None:
    """It is how a page reaches in whose name was made to mean this machine (DNS rebinding).

    To a browser its requests are then of the same origin: they come without an Origin, or with one
    that the page itself has.
    """
    given = host.format(site.port)
    for fields in ({}, {"Origin": f"http://{given}"}):
        answer = await found(site, Host=given, **fields)
        assert answer.status == 421
        assert "--allowed-hosts" in answer.error["message"]
        no_cors(answer)
    await nothing_done(shared_url)


@pytest.mark.parametrize("origin", [EVIL, "null", "", f"http://{EVIL[8:]}", "file://"])
async def test_a_foreign_origin_is_refused(site: Running, shared_url: str, origin: str) -> None:
    """Also the one of pages that have none, and an empty one."""
    raw = request(body(CALL), more=f"Origin: {origin}\r\n")
    answer = await site.ask(raw)
    assert answer.status == 403
    assert "--allowed-origins" in answer.error["message"]
    no_cors(answer)
    await nothing_done(shared_url)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://localhost:80:80",
        "http://localhost/",
        "http://localhost@evil.example",
        "http://evil.example/http://localhost",
        "ftp://localhost",
        "localhost",
        "http://127.0.0.1:x",
        "http://127x0x0x1",
        "http://localhost, http://evil.example",
    ],
)
async def test_what_only_looks_like_this_machine_is_foreign(site: Running, origin: str) -> None:
    """Names are compared whole."""
    assert (await found(site, Origin=origin)).status == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://localhost:5173", "https://127.0.0.1", "http://[::1]:1"]
)
async def test_a_page_of_this_machine_may_call_where_everybody_on_it_may(
    site: Running, url: str, origin: str
) -> None:
    """Where there are tokens it must be allowed like any other."""
    answer = await found(site, Origin=origin)
    assert answer.result
    no_cors(answer)
    async with inside(url, http=load_http_settings(auth="tokens", **OWN)) as guarded:
        assert (await found(guarded, ANNA)).result
        assert (await found(guarded, ANNA, Origin=origin)).status == 403


@pytest.mark.parametrize("path", ["/mcp", "/healthz", "/readyz"])
async def test_without_the_flag_no_page_is_told_anything(site: Running, path: str) -> None:
    """A browser then keeps every answer to itself."""
    asks = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    answer = await site.ask(request(b"", asks, method="OPTIONS", path=path))
    no_cors(answer)
    assert "access-control-allow-origin" not in answer.fields


@pytest.mark.parametrize(
    ("allowed", "fine", "refused"),
    [
        (
            "mcp.example.com",
            ["mcp.example.com", "MCP.example.com:443", "mcp.example.com:1"],
            ["x.mcp.example.com", "mcp.example.com.evil", "mcpxexample.com"],
        ),
        (
            "mcp.example.com:8443",
            ["mcp.example.com:8443"],
            ["mcp.example.com", "mcp.example.com:443", "mcp.example.com:84430"],
        ),
        ("mcp.example.com:*", ["mcp.example.com", "mcp.example.com:9"], ["mcp.example.com:*"]),
        ("[2001:db8::1]", ["[2001:DB8::1]:80", "[2001:db8::1]"], ["[2001:db8::2]"]),
        ("[2001:db8::1]:80", ["[2001:db8::1]:80"], ["[2001:db8::1]", "[2001:db8::1]:81"]),
        ("a,b", ["a", "b", "localhost"], ["a,b", "c"]),
    ],
)
async def test_a_host_can_be_allowed(
    url: str, allowed: str, fine: list[str], refused: list[str]
) -> None:
    """Besides this machine's own names: with a port, or with any."""
    async with inside(url, http=load_http_settings(allowed_hosts=allowed)) as site:
        assert {(await found(site, Host=host)).status for host in fine} == {200}
        assert {(await found(site, Host=host)).status for host in refused} == {421}


async def test_the_address_it_listens_on_is_its_own(url: str) -> None:
    """Of whatever kind."""
    assert _any_port("[::1]") == r"\[::1\](?::\d+)?"
    for host, given in [("::", "[::]:80"), ("0.0.0.0", "0.0.0.0"), ("box.local", "box.local:1")]:
        async with inside(url, http=load_http_settings(host=host, **OWN)) as site:
            assert (await found(site, ANNA, Host=given)).status == 200


async def test_a_page_that_is_allowed_can_call(url: str) -> None:
    """From the question a browser asks first to the answer it shows the page."""
    http = load_http_settings(auth="tokens", allowed_origins=f"{APP},https://B.example:8443", **OWN)
    async with inside(url, http=http) as site:
        asks = {
            "Origin": APP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,mcp-method,mcp-name,"
            "mcp-protocol-version,x-api-key,x-profile-id",
            "Content-Type": "",
        }
        first = await site.ask(request(b"", asks, method="OPTIONS"))
        assert first.status == 200
        assert first.fields["access-control-allow-origin"] == APP
        assert first.fields["access-control-allow-methods"] == "POST, GET, DELETE"
        allowed = {each.strip().lower() for each in _allowed(first).split(",")}
        assert set(asks["Access-Control-Request-Headers"].split(",")) <= allowed
        assert "access-control-allow-credentials" not in first.fields
        assert "Origin" in first.fields["vary"]
        for era in (LEGACY, MODERN):
            said = message("tools/list", era=era)
            fields = {**fields_of(said, era), "Origin": APP, "Authorization": f"Bearer {ANNA}"}
            answer = await site.ask(request(body(said), fields))
            assert answer.result
            assert answer.fields["access-control-allow-origin"] == APP
        assert (await found(site, ANNA, Origin="https://b.example:8443")).result


def _allowed(answer: Answer) -> str:
    return answer.fields["access-control-allow-headers"]


async def test_a_page_that_is_allowed_can_read_why_it_is_refused(url: str) -> None:
    """Else it could not tell its user to sign in."""
    http = load_http_settings(auth="tokens", allowed_origins=APP, **OWN)
    async with inside(url, http=http) as site:
        for answer in (
            await found(site, Origin=APP),
            await found(site, "wrong", Origin=APP),
            await found(site, ANNA, Origin=APP, Content_Type="text/plain"),
        ):
            assert answer.status in (401, 415)
            assert answer.fields["access-control-allow-origin"] == APP
            assert "WWW-Authenticate" in answer.fields["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin", [EVIL, "null", f"{APP}.evil.example", f"{APP}:444", "http://app.example.com", "*"]
)
async def test_a_page_that_is_not_allowed_is_told_nothing(url: str, origin: str) -> None:
    """Neither whether it may ask, nor what the answer is."""
    http = load_http_settings(auth="tokens", allowed_origins=APP, **OWN)
    async with inside(url, http=http) as site:
        asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        first = await site.ask(request(b"", asks, method="OPTIONS"))
        assert first.status == 400
        assert "access-control-allow-origin" not in first.fields
        answer = await found(site, ANNA, Origin=origin)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.fields
    await nothing_done(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "x-forwarded-for"),
    ],
)
async def test_a_page_may_send_only_what_mcp_needs(url: str, name: str, value: str) -> None:
    """Nothing besides."""
    http = load_http_settings(auth="tokens", allowed_origins=APP, **OWN)
    async with inside(url, http=http) as site:
        asks: dict[str, Any] = {"Origin": APP, "Access-Control-Request-Method": "POST", name: value}
        assert (await site.ask(request(b"", asks, method="OPTIONS"))).status == 400


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_page_can_read_that_there_is_no_stream_and_no_session(
    url: str, method: str
) -> None:
    """Clients ask for the one and end the other; a browser asks first whether they may."""
    http = load_http_settings(auth="tokens", allowed_origins=APP, **OWN)
    async with inside(url, http=http) as site:
        asks = {
            "Origin": APP,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,last-event-id,mcp-session-id",
        }
        assert (await site.ask(request(b"", asks, method="OPTIONS"))).status == 200
        fields = {"Origin": APP, "Authorization": f"Bearer {ANNA}", "Mcp-Session-Id": "s"}
        answer = await site.ask(request(b"", fields, method=method))
        assert answer.status == 405
        assert answer.fields["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    ("allowed", "sent"),
    [
        ("https://app.example.com:443", APP),
        ("http://app.example.com:80", "http://app.example.com"),
        ("https://APP.example.com:443", APP),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("tauri://localhost", "tauri://localhost"),
        ("vscode-webview://1a2b", "vscode-webview://1a2b"),
    ],
)
async def test_an_origin_is_what_a_browser_sends(url: str, allowed: str, sent: str) -> None:
    """Without the usual port (RFC 6454, 6.1); programs with a browser inside have their own."""
    http = load_http_settings(auth="tokens", allowed_origins=allowed, **OWN)
    async with inside(url, http=http) as site:
        answer = await found(site, ANNA, Origin=sent)
        assert answer.result
        assert answer.fields["access-control-allow-origin"] == sent
        assert (await found(site, ANNA, Origin=f"{sent}1")).status == 403
        assert (await found(site, ANNA, Origin="http://localhost")).status == 403


async def test_another_host_is_refused_to_a_page_that_is_allowed_too(url: str) -> None:
    """One does not make up for the other."""
    async with inside(url, http=load_http_settings(allowed_origins=APP)) as site:
        assert (await found(site, Origin=APP)).result
        assert (await found(site, Origin=APP, Host="evil.example")).status == 421


async def test_flags_allow_them_in_a_process_of_its_own(home: Any, url: str) -> None:
    """As the operator says it."""
    flags = ("--allowed-hosts", "mcp.example.com", "--allowed-origins", APP)
    with started(home, *flags, **reaching(url)) as site:
        answer = await found(site, Host="mcp.example.com", Origin=APP)
        assert answer.result
        assert answer.fields["access-control-allow-origin"] == APP
        assert (await found(site, Origin=EVIL)).status == 403

"""What real sockets and strange answers do to a call."""

import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from sent_mcp.client import ApiKey, SentClient
from sent_mcp.errors import (
    APIConnectionError,
    APITimeoutError,
    InternalServerError,
    OutcomeUnknownError,
    RefusedError,
    SentError,
    SettingsError,
    UnreadableAnswerError,
)
from tests.client.wire import BASE_URL, KEY, Wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's proxy is not asked for loopback addresses."""
    monkeypatch.setenv("NO_PROXY", "*")


@asynccontextmanager
async def serving(answer: bytes) -> AsyncGenerator[tuple[SentClient, list[bytes]]]:
    """A client of a server that says `answer` and hangs up; an empty one never comes."""
    requests: list[bytes] = []
    talks: set[asyncio.Task[None] | None] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        if answer:
            writer.write(answer)
        else:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async def no_sleep(_seconds: float) -> None:
        """The waits are tested elsewhere."""

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = SentClient(
        base_url=f"http://{host}:{port}/prefix", key=ApiKey(lambda: KEY), sleep=no_sleep
    )
    async with server:
        yield client, requests
        await client.aclose()
        await asyncio.gather(*filter(None, talks), return_exceptions=True)


async def test_a_request_over_a_socket_keeps_the_prefix_of_the_base_url() -> None:
    """Gateways put the API under one."""
    body = gzip.compress(b'{"success": true, "data": {"id": "a", "phone_number": "+1"}}')
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving(head + body) as (client, requests):
        assert (await client.contacts.get("a")).data.id == "a"
    assert requests[0].startswith(b"GET /prefix/v3/contacts/a HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b'Content-Length: 1000\r\n\r\n{"success": tr',
        b"nonsense\r\n\r\n",
        HEAD.replace(b"200", b"2") + b"\r\n",
    ],
)
async def test_an_answer_that_breaks_off_leaves_a_change_open(answer: bytes) -> None:
    """It was written, so it may have been done."""
    async with serving(answer) as (client, requests):
        with pytest.raises(OutcomeUnknownError):
            await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="k")
    assert len(requests) == 4


async def test_broken_compression_is_unreadable() -> None:
    """And no reason to ask again."""
    body = HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    async with serving(body) as (client, requests):
        with pytest.raises(UnreadableAnswerError, match="compression"):
            await client.contacts.get("a")
    assert len(requests) == 1


async def test_an_answer_above_ten_megabytes_is_not_read_to_its_end() -> None:
    """Even when it says that it is longer."""
    head = HEAD + b"Content-Length: 99999999999\r\n\r\n"
    async with serving(head + b" " * (11 * 1024 * 1024)) as (client, _):
        with pytest.raises(UnreadableAnswerError, match="larger than 10 MB"):
            await client.contacts.get("a")


async def test_nobody_listening_is_a_definite_failure() -> None:
    """Nothing can have been written."""
    async with serving(b"") as (client, requests):
        pass
    with pytest.raises(APIConnectionError) as caught:
        await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="k")
    await client.aclose()
    assert requests == []
    assert "no answer from 127.0.0.1 (ConnectError: " in str(caught.value)
    assert "Nothing was changed or sent." in str(caught.value)


async def test_a_proxy_does_not_get_plain_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are for this machine, and carry the key readable."""
    body = b'{"success": true, "data": {"id": "a", "phone_number": "+1"}}'
    answer = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        # Nobody listens there, so a request that goes there fails.
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(answer) as (client, requests):
        assert (await client.contacts.get("a")).data.id == "a"
    assert requests[0].startswith(b"GET /prefix/")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://me:hunter2@127.0.0.1:1"),
        ("HTTPS_PROXY", "socks4://me:hunter2@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:port"),
        ("SSL_CERT_FILE", "/nonexistent/hunter2"),
    ],
)
async def test_a_proxy_or_certificate_that_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """A proxy's URL may hold a password."""
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv(variable, value)
    client = SentClient(base_url="https://api.test", key=ApiKey(lambda: KEY))
    with pytest.raises(SettingsError, match="a proxy or certificate variable") as caught:
        await client.contacts.get("a")
    await client.aclose()
    assert caught.value.code == "SETTINGS"
    assert "hunter2" not in str(caught.value)


async def test_an_answer_that_never_comes_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt is bounded, and a change that timed out stays open."""
    monkeypatch.setattr("sent_mcp.client.transport.READ_SECONDS", 0.05)
    monkeypatch.setattr("sent_mcp.client.transport.CHANGE_SECONDS", 0.05)
    async with serving(b"") as (client, requests):
        with pytest.raises(APITimeoutError, match="TIMEOUT: no answer in less than a second"):
            await client.contacts.get("a")
        with pytest.raises(OutcomeUnknownError):
            await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="k")
    assert requests


async def test_cancelling_a_call_ends_its_request() -> None:
    """The caller's cancellation is no timeout of ours."""
    async with serving(b"") as (client, _), anyio.create_task_group() as group:
        group.start_soon(client.contacts.get, "a")
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert group.cancel_scope.cancelled_caught


@pytest.mark.parametrize(
    ("step", "expected", "text"),
    [
        (
            httpx.Response(301, headers={"location": "https://elsewhere.test"}),
            UnreadableAnswerError,
            "the base URL redirects",
        ),
        (
            httpx.Response(200, html="<h1>Log in</h1>"),
            UnreadableAnswerError,
            r'status 200 .*\("text/html; charset=utf-8"\): it is not JSON',
        ),
        (httpx.Response(200, json=[1]), UnreadableAnswerError, "it: input should be an object"),
        (httpx.Response(204), UnreadableAnswerError, r'\("no content type"\): it is not JSON'),
        (httpx.Response(500, json={"error": 1}), InternalServerError, "not Sent's"),
        (httpx.Response(500), InternalServerError, "status 500 with an empty answer"),
    ],
)
async def test_what_is_not_sents_answer_is_named(
    step: httpx.Response, expected: type[SentError], text: str
) -> None:
    """With status and content type, which tell a proxy from the API."""
    wire = Wire(*[step] * 4)
    client = wire.client()
    with pytest.raises(expected, match=text):
        await client.contacts.get("a")
    await client.aclose()


@pytest.mark.parametrize("details", [{"a": "b", "c": [1]}, ["x"], "y", 5])
async def test_details_in_any_form_are_shown(details: object) -> None:
    """Only the field map is documented."""
    error = {"code": "VALIDATION_001", "message": None, "details": details}
    wire = Wire(httpx.Response(400, json={"success": False, "error": error}))
    client = wire.client()
    with pytest.raises(SentError, match='VALIDATION_001: "status 400"') as caught:
        await client.contacts.get("a")
    await client.aclose()
    assert caught.value.details


async def test_a_base_url_without_a_scheme_is_named() -> None:
    """The request cannot be made, so trying again would not help."""
    client = SentClient(base_url="api.test", key=ApiKey(lambda: KEY))
    with pytest.raises(APIConnectionError, match="UnsupportedProtocol"):
        await client.contacts.get("a")
    await client.aclose()


async def test_closing_twice_or_unused_is_fine() -> None:
    """The first call connects, not the constructor."""
    client = SentClient(base_url=BASE_URL, key=ApiKey(lambda: KEY))
    await client.aclose()
    await client.aclose()


async def test_a_text_that_is_no_text_is_refused_before_it_is_sent() -> None:
    """JSON can spell half of a character; no request can carry it."""
    wire = Wire()
    client = wire.client()
    for lone in ("\ud800", "Hi \udc00"):
        with pytest.raises(RefusedError, match="lone surrogate"):
            await client.messages.send(to=["+14155551234"], text=lone, idempotency_key="k")
        with pytest.raises(RefusedError, match="lone surrogate"):
            await client.contacts.list(search=lone)
        with pytest.raises(RefusedError, match="lone surrogate"):
            await client.contacts.get(lone)
    await client.aclose()
    assert wire.requests == []


@pytest.mark.parametrize(
    ("base_url", "profile_id", "named"),
    [("http://localhost:port", None, "SENT_BASE_URL"), (BASE_URL, "pröfile", "SENT_PROFILE_ID")],
)
async def test_settings_no_request_can_have_are_named(
    base_url: str, profile_id: str | None, named: str
) -> None:
    """Instead of an error of the HTTP library."""
    client = SentClient(base_url=base_url, key=ApiKey(lambda: KEY), profile_id=profile_id)
    with pytest.raises(SettingsError, match=named):
        await client.contacts.get("a")
    await client.aclose()


def test_importing_the_client_loads_no_http_library() -> None:
    """A server that is only listed answers sooner."""
    code = "import sys, sent_mcp.client; print({'httpx', 'limits'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"

"""Requests to Sent and their answers, over connections of our own or, behind a proxy, httpx's.

It is imported at the first request, and httpx with it.
"""

import sys
from collections.abc import AsyncIterable, Callable, Mapping
from urllib.request import getproxies

import httpx

from sent_mcp import __version__
from sent_mcp.client.answers import RawAnswer, Request
from sent_mcp.client.channel import CONNECT_SECONDS
from sent_mcp.client.http1 import Http1Transport
from sent_mcp.errors import (
    APIConnectionError,
    APITimeoutError,
    RefusedError,
    SettingsError,
    UnreadableAnswerError,
)
from sent_mcp.quoting import quoted

_ACCEPTED = {"accept": "application/json", "accept-encoding": "gzip, deflate"}
_LONGEST_TARGET = 65_000
"""httpx refuses a URL that is a little longer."""
POOL_SECONDS = 10.0
"""How long httpx's pool may be full: it says so, and so nothing of the request was written."""
LARGEST_ANSWER = 10 * 1024 * 1024
_NEVER_WRITTEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_WRONG_SETUP = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class Connection:
    """One connection pool to one base URL."""

    def __init__(self, base_url: str, transport: httpx.AsyncBaseTransport | None) -> None:
        """Raises SettingsError for a URL or a proxy that no request can have."""
        try:
            url = httpx.URL(base_url)
        except httpx.InvalidURL:
            raise SettingsError(
                "SENT_BASE_URL has characters it cannot have", code="SETTINGS"
            ) from None
        every = {**_ACCEPTED, "user-agent": f"sent-mcp/{__version__}"}
        self._host = url.host
        self._url = url
        self._headers = httpx.Headers({"host": url.netloc.decode("ascii"), **every}).raw
        try:
            self._pool = transport or _direct(url) or _client(url)
        except (httpx.InvalidURL, ImportError, ValueError, OSError):
            # The reason would quote the variable, and a proxy's URL may hold a password.
            raise SettingsError(
                "a proxy or certificate variable of the environment (HTTPS_PROXY, ALL_PROXY,"
                " SSL_CERT_FILE, SSL_CERT_DIR) has a value that cannot be used",
                code="SETTINGS",
            ) from None
        # Ours takes the target as it is; for others the URL is parsed with it, each time.
        self._is_direct = isinstance(self._pool, Http1Transport)

    async def aclose(self) -> None:
        """Close the pool."""
        await self._pool.aclose()

    async def exchange(
        self,
        request: Request,
        headers: Mapping[str, str],
        on_write: Callable[[], None] = lambda: None,
    ) -> RawAnswer:
        """Send one request with these headers besides, once, and read its whole answer.

        Before `on_write` is called nothing of it can have been written: who cuts this off sooner
        knows that it was not done.
        Raises RefusedError for what no request can carry, APIConnectionError without an answer
        (`maybe_done` says whether the request may have been written), UnreadableAnswerError for
        one above 10 MB.
        """
        try:
            outgoing = self._outgoing(request, headers)
            if self._is_direct:
                outgoing.extensions["on_write"] = on_write
            else:
                # When others write is not known.
                on_write()
            return await self._exchange(outgoing)
        except _WRONG_SETUP as error:
            raise APIConnectionError(
                f"no request could be made: {type(error).__name__}",
                maybe_done=False,
                retryable=False,
            ) from None
        except httpx.TimeoutException as error:
            raise APITimeoutError(
                f"no answer from {self._host} in time ({type(error).__name__})",
                maybe_done=not isinstance(error, _NEVER_WRITTEN),
            ) from error
        except httpx.DecodingError as error:
            raise UnreadableAnswerError(
                "the answer's compression is broken", maybe_done=True
            ) from error
        except (httpx.TransportError, ConnectionError) as error:
            raise APIConnectionError(
                f"no answer from {self._host} ({type(error).__name__}: {quoted(str(error))})",
                maybe_done=not isinstance(error, _NEVER_WRITTEN),
            ) from error

    async def _exchange(self, outgoing: httpx.Request) -> RawAnswer:
        if isinstance(self._pool, httpx.AsyncClient):
            response = await self._pool.send(outgoing, stream=True)
        else:
            response = await self._pool.handle_async_request(outgoing)
        try:
            body = await _read(response)
        finally:
            await response.aclose()
        return _raw(response, body)

    def _outgoing(self, request: Request, own: Mapping[str, str]) -> httpx.Request:
        """Built by hand: a client would merge URLs, headers and cookies for each request anew."""
        try:
            headers = [*self._headers, *_encoded(own)]
            if request.idempotency_key is not None:
                headers.append((b"idempotency-key", request.idempotency_key.encode("ascii")))
            path = self._url.raw_path.rstrip(b"/") + request.target.encode("ascii")
            query = {name: value for name, value in request.query.items() if value is not None}
            if query:
                path += b"?" + str(httpx.QueryParams(query)).encode("ascii")
            url, extensions = self._url, {"target": path}
            if not self._is_direct or len(path) > _LONGEST_TARGET:
                url, extensions = self._url.copy_with(raw_path=path), {}
            return httpx.Request(
                request.method, url, headers=headers, json=request.payload, extensions=extensions
            )
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise RefusedError(
                "a text is too long for its place, or holds half of a character (a lone surrogate)"
            ) from None


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    try:
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except UnicodeEncodeError:
        raise SettingsError(
            "SENT_PROFILE_ID or SENT_SENDER_ID has characters it cannot have", code="SETTINGS"
        ) from None


def _client(url: httpx.URL) -> httpx.AsyncClient:
    """httpx's own connections, which know proxies. The whole attempt is bounded by the caller."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS, pool=POOL_SECONDS),
        follow_redirects=False,
        # A proxy would get plain requests to this machine, key and all.
        trust_env=url.scheme != "http",
    )


def _direct(url: httpx.URL) -> Http1Transport | None:
    """Connections of our own; None for httpx's, where a proxy may be in between or no URL is."""
    if not url.host or url.scheme not in ("http", "https") or sys.platform == "win32":
        return None
    if url.scheme == "http":
        return Http1Transport(url, None)
    proxies = getproxies()
    # With a proxy NO_PROXY has a say too, and httpx knows how to read it.
    if proxies.get("https") or proxies.get("all"):
        return None
    tls = httpx.create_ssl_context()
    tls.set_alpn_protocols(["http/1.1"])
    return Http1Transport(url, tls)


def _raw(response: httpx.Response, body: bytes) -> RawAnswer:
    return RawAnswer(response.status_code, dict(response.headers), body)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    packed = "content-encoding" in response.headers
    parts = response.aiter_bytes() if packed else response.stream
    assert isinstance(parts, AsyncIterable)
    async for chunk in parts:
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise UnreadableAnswerError(
                f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MB",
                request_id=_raw(response, b"").request_id(),
                maybe_done=True,
            )
    return bytes(body)

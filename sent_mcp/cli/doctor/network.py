"""The way to the API: which proxy, whether a name is known, whether anybody takes a connection."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

LOOKUP_SECONDS, CONNECT_SECONDS = 2.0, 1.0
_MOST_ADDRESSES = 3
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_ONLINE = "Check that this machine is online, and how SENT_BASE_URL is written."
_FIREWALL = "Check SENT_BASE_URL, and what stands in between: a firewall, a proxy (HTTPS_PROXY)."
_CERTIFICATES = (
    "If your network looks into TLS, let SSL_CERT_FILE name its certificate authority; else check"
    " this machine's clock and SENT_BASE_URL."
)
_TLS = "Check SENT_BASE_URL and its port: what answers there does not speak TLS as it should."
_PROXY = "Check the proxy that HTTPS_PROXY or ALL_PROXY names; NO_PROXY takes a host out of it."


class UnreachableError(Exception):
    """Why the API cannot be reached, and what to do about it."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


@dataclass(frozen=True)
class Route:
    """Where a connection goes to: the API itself, or the proxy in front of it."""

    host: str
    port: int
    by_proxy: bool

    def __str__(self) -> str:
        """The place, for a sentence."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'the proxy ' if self.by_proxy else ''}{shown}:{self.port}"


def route_to(base_url: str) -> Route:
    """The way there, under the proxy variables of the environment.

    Raises UnreachableError for a proxy that names no place; a user or password in it is never told.
    """
    url = urlsplit(base_url)
    host = url.hostname or ""
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    # To this machine nothing goes through a proxy: see client/connection.py.
    if url.scheme == "http" or not proxy or proxy_bypass(host):
        return Route(host, url.port or _PORTS[url.scheme], by_proxy=False)
    try:
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        place = Route(through.hostname or "", through.port or _PORTS[through.scheme], by_proxy=True)
    except (ValueError, KeyError):
        place = None
    if place is None or not place.host:
        raise UnreachableError(
            "The proxy of the environment is no URL with a host and a port.", _PROXY
        )
    return place


async def reach(route: Route) -> None:
    """Look the name up and connect, within five seconds, no more. Raises UnreachableError."""
    try:
        with anyio.fail_after(LOOKUP_SECONDS):
            found = await anyio.getaddrinfo(route.host, route.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        said = f"The name {route.host} could not be looked up: no name server answers."
        raise UnreachableError(said, _ONLINE) from None
    except (OSError, UnicodeError) as error:
        raise explained(error, route) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))[:_MOST_ADDRESSES]
    trouble: OSError = TimeoutError()
    for address in addresses:
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                stream = await anyio.connect_tcp(address, route.port)
        except OSError as error:
            trouble = error
        else:
            await stream.aclose()
            return
    raise explained(trouble, route) from trouble


def explained(error: BaseException, route: Route) -> UnreachableError:
    """Which of the ways to fail this is, by the first cause that tells."""
    causes = list(_causes(error))
    for kind, explain in _TROUBLES:
        for cause in causes:
            if isinstance(cause, kind):
                return explain(cause, route)
    if any(type(cause).__name__ == "ProxyError" for cause in causes):
        return UnreachableError(f"{_start(route)} does not let the request through.", _PROXY)
    return UnreachableError(f"{_start(route)} broke the connection off.", _FIREWALL)


def _unknown_host(error: BaseException, route: Route) -> UnreachableError:
    passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
    why = "could not be looked up: no name server answers" if passing else "is unknown"
    return UnreachableError(f"The name {route.host} {why}.", _PROXY if route.by_proxy else _ONLINE)


def _certificate(error: BaseException, route: Route) -> UnreachableError:
    why = str(getattr(error, "verify_message", "")) or "it cannot be verified"
    said = f"{_start(route)} shows a certificate that is not trusted here ({why.rstrip('.')})."
    return UnreachableError(said, _CERTIFICATES)


def _tls(_: BaseException, route: Route) -> UnreachableError:
    return UnreachableError(f"{_start(route)} does not agree with us about TLS.", _TLS)


def _refused(_: BaseException, route: Route) -> UnreachableError:
    return UnreachableError(
        f"{_start(route)} refuses connections: nothing listens there.",
        _PROXY if route.by_proxy else _FIREWALL,
    )


def _silent(_: BaseException, route: Route) -> UnreachableError:
    return UnreachableError(
        f"{_start(route)} does not answer: time ran out.", _PROXY if route.by_proxy else _FIREWALL
    )


def _start(route: Route) -> str:
    text = str(route)
    return f"T{text[1:]}" if route.by_proxy else text


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", error)
            for each in group.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


_TROUBLES: tuple[
    tuple[type[BaseException], Callable[[BaseException, Route], UnreachableError]], ...
] = (
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _tls),
    (socket.gaierror, _unknown_host),
    (UnicodeError, _unknown_host),
    (ConnectionRefusedError, _refused),
    (TimeoutError, _silent),
)

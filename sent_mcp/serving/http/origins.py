"""Which Host and Origin headers a request may have: a page on the web must not reach in here.

MCP, transports, security warning: a name that a page resolves to this machine (DNS rebinding) is
told by its Host header, the page itself by its Origin.
"""

import re

import mcp_types as mcp
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from sent_mcp.http_settings import HttpSettings
from sent_mcp.serving.http.answers import HttpError

_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
_SENT_BY_PAGES = (
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
    "X-Api-Key",
    "X-Profile-Id",
)
_READ_BY_PAGES = ("Retry-After", "WWW-Authenticate")


class Origins:
    """This machine's own names, and what the operator allows besides."""

    def __init__(self, settings: HttpSettings) -> None:
        own = settings.host if ":" not in settings.host else f"[{settings.host}]"
        names = [*_OWN_NAMES, own.lower(), *settings.allowed_hosts]
        self._hosts = re.compile("|".join(_any_port(name) for name in names))
        self._origins = frozenset(settings.allowed_origins)
        local = "|".join(map(re.escape, _OWN_NAMES))
        # A page of this machine's own may call a server that is this machine's own.
        open_to_local = settings.access == "open"
        self._local = re.compile(rf"https?://(?:{local})(?::\d+)?") if open_to_local else None

    def check(self, headers: Headers) -> None:
        """Raises HttpError: 421 for a Host, 403 for an Origin."""
        host = headers.get("host", "").lower()
        if not self._hosts.fullmatch(host):
            raise _refused(421, "Host", "--allowed-hosts")
        origin = headers.get("origin")
        if origin is not None and not self._may_call(origin.lower()):
            raise _refused(403, "Origin", "--allowed-origins")

    def open_to_pages(self, app: ASGIApp) -> ASGIApp:
        """Lets a browser show the answers to pages of the allowed origins (CORS), where any are."""
        if not self._origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=sorted(self._origins),
            # Clients try the last two as well, and can read that they are not served.
            allow_methods=["POST", "GET", "DELETE"],
            allow_headers=_SENT_BY_PAGES,
            expose_headers=_READ_BY_PAGES,
        )

    def _may_call(self, origin: str) -> bool:
        local = self._local is not None and self._local.fullmatch(origin) is not None
        return local or origin in self._origins


def _any_port(name: str) -> str:
    """A pattern; without a port, or with `*` for one, any will do."""
    host, mark, port = name.rpartition(":")
    if not mark or host.startswith("[") and not host.endswith("]"):
        host, port = name, "*"
    return re.escape(host) + (r"(?::\d+)?" if port == "*" else f":{port}")


def _refused(status: int, header: str, flag: str) -> HttpError:
    message = f"This {header} is not allowed here; the operator can allow it with {flag}"
    return HttpError(status, mcp.INVALID_REQUEST, message)

"""`get_contact` over HTTP in both eras, or asked of the API itself, and what is a right answer."""

from dataclasses import dataclass
from typing import cast

from benchmarks.http_wire import (
    FIRST_NUMBER,
    HOST,
    Numbered,
    WrongAnswerError,
    encoded,
    message_in,
    request,
)

HANDSHAKE, MODERN, API = "2025-11-25", "2026-07-28", "api"
ENDPOINT = "/mcp"
_CLIENT = {"name": "benchmark", "version": "1"}
_META = "io.modelcontextprotocol/"
_CONTACT_ID = (
    ("result", "structuredContent", "contact", "id"),
    ("result", "structuredContent", "id"),
    ("data", "id"),
)
"""Where ours has it, the reference, and the API."""


@dataclass(frozen=True)
class Asked:
    """One contact, of a server of MCP in one of its eras or of the API, on this port."""

    port: int
    era: str
    contact: str
    key: str

    def opening(self) -> bytes | None:
        """What a client says first, in the era that has a handshake."""
        if self.era != HANDSHAKE:
            return None
        params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}
        message = encoded({"id": 1, "method": "initialize", "params": params})
        return self._post(message, {})

    def opened(self, session: str | None) -> bytes:
        """What it says once it was answered."""
        message = encoded({"method": "notifications/initialized"})
        return self._post(message, self._known(session))

    def call(self, session: str | None) -> "Numbered | Unnumbered":
        """The call, whose id is another every time."""
        if self.era == API:
            return Unnumbered(request("GET", f"/v3/contacts/{self.contact}", self._api_headers()))
        params: dict[str, object] = {
            "name": "get_contact",
            "arguments": {"contact_id": self.contact},
        }
        if self.era == MODERN:
            params["_meta"] = {
                f"{_META}protocolVersion": MODERN,
                f"{_META}clientInfo": _CLIENT,
                f"{_META}clientCapabilities": {},
            }
        text = encoded({"id": FIRST_NUMBER, "method": "tools/call", "params": params})
        named = {"Mcp-Method": "tools/call", "Mcp-Name": "get_contact"}
        extra = named if self.era == MODERN else {}
        call = Numbered.of(self._post(text, self._known(session) | extra), FIRST_NUMBER)
        assert call is not None
        return call

    def closing(self, session: str) -> bytes:
        """The end of a session, so that a server holds no more of them than clients."""
        return request("DELETE", ENDPOINT, self._headers() | self._known(session))

    def check(self, body: bytes, number: int) -> None:
        """Raises WrongAnswerError unless this is a result, of this call, with the contact."""
        message = message_in(body)
        ids = [found for path in _CONTACT_ID if (found := _at(message, path)) is not None]
        if ids != [self.contact] or message.get("id", number) != number:
            raise WrongAnswerError(f"not the contact: {body[:1000]!r}")
        if _at(message, ("result", "isError")) is True:
            raise WrongAnswerError(f"an error: {body[:1000]!r}")

    def _known(self, session: str | None) -> dict[str, str]:
        version = {"MCP-Protocol-Version": self.era}
        return version if session is None else {**version, "Mcp-Session-Id": session}

    def _post(self, body: bytes, headers: dict[str, str]) -> bytes:
        kind = {"Content-Type": "application/json"}
        return request("POST", ENDPOINT, self._headers() | kind | headers, body)

    def _headers(self) -> dict[str, str]:
        accepted = "application/json, text/event-stream"
        return {"Host": f"{HOST}:{self.port}", "Accept": accepted}

    def _api_headers(self) -> dict[str, str]:
        return {"Host": f"{HOST}:{self.port}", "x-api-key": self.key}


@dataclass(frozen=True)
class Unnumbered:
    """A request that has no id."""

    text: bytes

    def with_id(self, _: int) -> bytes:
        """The text."""
        return self.text


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(name)
    return value

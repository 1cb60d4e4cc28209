"""Who may come in, and who they are."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers

from sent_mcp.callers import LOCAL, Caller
from sent_mcp.http_settings import HttpSettings
from sent_mcp.http_values import HttpToken

_SCHEME = "bearer "
_LONGEST = 512


@dataclass(frozen=True)
class Denied:
    """Nobody comes in with that. `given`: there was a credential, and it is wrong."""

    why: str
    given: bool
    status: int = 401

    @property
    def challenge(self) -> str:
        """`WWW-Authenticate` (RFC 6750, 3). There is no authorization server to name."""
        said = f', error="invalid_token", error_description="{self.why}"' if self.given else ""
        return f'Bearer realm="sent-mcp"{said}'


class Credentials(Protocol):
    """Reads who makes a request out of its headers."""

    async def caller(self, headers: Headers) -> Caller | Denied:
        """Who it is, or why nobody."""
        ...


class NoCredentials:
    """This machine's own address: everybody on it may come in, as one."""

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials."""
        return LOCAL


class TokenCredentials:
    """Bearer tokens the operator has given out; a caller is called like their token."""

    def __init__(self, tokens: Sequence[HttpToken]) -> None:
        self._known = [(_digest(each.secret), Caller(each.name)) for each in tokens]

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials. Every known token is compared, each in constant time."""
        token = bearer(headers)
        if token is None:
            return Denied("A bearer token is needed", given=False)
        given, found = _digest(token), None
        for digest, caller in self._known:
            if hmac.compare_digest(digest, given):
                found = caller
        return found or Denied("The token is not known", given=True)


class SentKeyCredentials:
    """Everybody brings a Sent key of their own; whether it is right, Sent says when it is used."""

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials."""
        key = bearer(headers) or headers.get("x-api-key", "").strip()
        if not key:
            return Denied("Bring your Sent API key, as a bearer token or x-api-key", given=False)
        profile = headers.get("x-profile-id")
        for value in (key, profile or "-"):
            if len(value) > _LONGEST or not all("!" <= character <= "~" for character in value):
                return Denied("The key or x-profile-id cannot be one", given=True)
        return Caller(f"key-{hashlib.sha256(key.encode()).hexdigest()[:16]}", key, profile)


def credentials_of(settings: HttpSettings) -> Credentials:
    """What these settings ask for."""
    if settings.access == "tokens":
        return TokenCredentials(settings.tokens)
    if settings.access == "passthrough":
        return SentKeyCredentials()
    if settings.access == "jwt":
        from sent_mcp.serving.http.jwt_credentials import jwt_credentials

        return jwt_credentials(settings)
    return NoCredentials()


def bearer(headers: Headers) -> str | None:
    """The bearer token of a request; None without one."""
    value = headers.get("authorization", "")
    return value[len(_SCHEME) :].strip() or None if value.lower().startswith(_SCHEME) else None


def _digest(token: str) -> bytes:
    # Of equal length whatever is given, so that not even the length of a token shows.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()

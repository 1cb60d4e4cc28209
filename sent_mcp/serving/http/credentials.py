"""Who may come in, and who they are."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mcp_types as mcp
from starlette.datastructures import Headers

from sent_mcp.callers import LOCAL, Caller
from sent_mcp.http_settings import HttpSettings
from sent_mcp.http_values import HttpToken
from sent_mcp.serving.http.answers import HttpError
from sent_mcp.setting_values import profile as one_profile

_SCHEME = "bearer "
_LONGEST = 512
_PLACE = "in the host's configuration, as the header Authorization: Bearer TOKEN"
NO_TOKEN = f"A bearer token is needed, {_PLACE}"


@dataclass(frozen=True)
class Denied:
    """Nobody comes in with that. `given`: there was a credential, and it is wrong."""

    why: str
    given: bool

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
            return Denied(NO_TOKEN, given=False)
        given, found = _digest(token), None
        for digest, caller in self._known:
            if hmac.compare_digest(digest, given):
                found = caller
        return found or Denied("The token is not known; the operator gives them out", given=True)


class SentKeyCredentials:
    """Everybody brings a Sent key of their own; whether it is right, Sent says when it is used."""

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials."""
        key, other = bearer(headers), headers.get("x-api-key", "").strip()
        if key and other and key != other:
            why = "Authorization and x-api-key hold two keys; send one of them"
            raise HttpError(400, mcp.INVALID_REQUEST, why)
        key = key or other
        if not key:
            return Denied(f"Your Sent API key is needed, {_PLACE} or as x-api-key", given=False)
        given = headers.get("x-profile-id", "")
        for value in (key, given):
            if len(value) > _LONGEST or not all("!" <= character <= "~" for character in value):
                return Denied("The key or x-profile-id has characters that none has", given=True)
        profile = one_profile(given) if given else None
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

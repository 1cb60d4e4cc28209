"""JSON Web Tokens of an identity provider (RFC 7519): only their signatures are trusted."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
import jwt
import mcp_types as mcp
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken, TokenVerifier
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from sent_mcp.callers import Caller
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings
from sent_mcp.serving.http.answers import HttpError
from sent_mcp.serving.http.credentials import Denied, bearer

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures that whoever can check them cannot make."""
_LEEWAY_SECONDS = 30
_KEYS_SECONDS = 300
_THREADS = 8
_log = logging.getLogger("sent_mcp.serving")
FindKey = Callable[[str], jwt.PyJWK]


class JwtVerifier(TokenVerifier):
    """Checks signature, issuer, audience and times; a token needs `sub`, who it is about."""

    def __init__(self, find_key: FindKey, *, issuer: str, audience: str) -> None:
        """`find_key` gives the key a token names; it may wait for the network, and raise."""
        self._find_key = find_key
        self._issuer = issuer
        self._audience = audience
        # Of their own: slow keys must not keep the state store from its threads.
        self._limiter = anyio.CapacityLimiter(_THREADS)

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the token says; None for one that is not accepted, for whatever reason.

        Raises HttpError while nobody can say.
        """
        try:
            claims = await anyio.to_thread.run_sync(self._claims, token, limiter=self._limiter)
        except jwt.PyJWKClientConnectionError as error:
            _log.warning("the keys that sign tokens could not be read: %s", error)
            raise _no_keys() from None
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
            _log.info("a token was refused: %s", type(error).__name__)
            return None
        subject = str(claims["sub"])
        return AccessToken(
            token=token,
            client_id=str(claims.get("azp") or claims.get("client_id") or subject),
            scopes=[],
            expires_at=int(claims["exp"]) + _LEEWAY_SECONDS,
            subject=subject,
            claims=claims,
        )

    def _claims(self, token: str) -> dict[str, Any]:
        claims = jwt.decode(
            token,
            self._find_key(token),
            algorithms=list(ALGORITHMS),
            issuer=self._issuer,
            audience=self._audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        if not claims["sub"]:
            raise jwt.InvalidTokenError("the token is about nobody")
        return claims


class JwtCredentials:
    """Everybody whose token the SDK's own bearer authentication accepts."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._backend = BearerAuthBackend(verifier)

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials. A caller is called `jwt:` and the subject of their token."""
        if bearer(headers) is None:
            return Denied("A bearer token is needed", given=False)
        connection = HTTPConnection({"type": "http", "headers": headers.raw})
        found = await self._backend.authenticate(connection)
        if found is None:
            return Denied("The token is not accepted", given=True)
        user = found[1]
        assert isinstance(user, AuthenticatedUser)
        return Caller(f"jwt:{user.access_token.subject}")


def jwt_credentials(settings: HttpSettings) -> JwtCredentials:
    """What `--auth jwt` asks for. Raises SettingsError for a file that holds no keys."""
    find_key = _from_url if "://" in (settings.jwt_jwks or "") else _from_file
    verifier = JwtVerifier(
        find_key(settings.jwt_jwks or ""),
        issuer=settings.jwt_issuer or "",
        audience=settings.jwt_audience or "",
    )
    return JwtCredentials(verifier)


def _no_keys() -> HttpError:
    why = "The keys that sign tokens cannot be read now; the token may be right. Call again"
    return HttpError(503, mcp.INTERNAL_ERROR, why, headers={"retry-after": "5"})


def _from_url(url: str) -> FindKey:
    keys = jwt.PyJWKClient(url, lifespan=_KEYS_SECONDS, timeout=5)

    def find(token: str) -> jwt.PyJWK:
        jwt.get_unverified_header(token)
        try:
            keys.get_jwk_set()
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise jwt.PyJWKClientConnectionError(str(error)) from error
        return keys.get_signing_key_from_jwt(token)

    return find


def _from_file(path: str) -> FindKey:
    try:
        found: object = from_json(Path(path).expanduser().read_bytes())
        keys = jwt.PyJWKSet.from_dict(
            cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        )
    except (OSError, ValueError, jwt.PyJWTError):
        raise SettingsError(
            f"--jwt-jwks: {path} holds no JSON Web Key Set (RFC 7517)", code="SETTINGS"
        ) from None

    def find(token: str) -> jwt.PyJWK:
        name = jwt.get_unverified_header(token).get("kid")
        for key in keys.keys:
            if name is None and len(keys.keys) == 1 or key.key_id == name:
                return key
        raise jwt.InvalidKeyError("the token names no key that is known")

    return find

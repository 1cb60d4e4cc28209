"""JSON Web Tokens of an identity provider (RFC 7519): only their signatures are trusted."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import jwt
import mcp_types as mcp
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, BearerAuthBackend
from mcp.server.auth.provider import AccessToken, TokenVerifier
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from sent_mcp.callers import Caller
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings
from sent_mcp.serving.http.answers import HttpError
from sent_mcp.serving.http.credentials import NO_TOKEN, Denied, bearer
from sent_mcp.serving.http.fetched_keys import FetchedKeys, NotReadError
from sent_mcp.serving.http.jwt_keys import Key, KeySet, is_accepted

LONGEST_TOKEN = 16 * 1024
LONGEST_SUBJECT = 256
_LEEWAY_SECONDS = 30
_WRONG = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""An older PyJWT takes any value for a number; a newer one says that it is none."""
_log = logging.getLogger("sent_mcp.serving")


class Keys(Protocol):
    """Where keys come from; see FetchedKeys, which is one."""

    def at_once(self) -> KeySet | None:
        """Those at hand."""
        ...

    async def renewed(self) -> KeySet:
        """Those that there are now. Raises NotReadError."""
        ...


class _FixedKeys:
    """Keys that do not change as long as the process runs."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def at_once(self) -> KeySet:
        return self._keys

    async def renewed(self) -> KeySet:
        return self._keys


class JwtVerifier(TokenVerifier):
    """Checks signature, issuer, audience and times; a token needs `sub`, who it is about.

    In the event loop: that takes less than a millisecond, as tokens and keys are bounded.
    """

    def __init__(self, keys: Keys, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the token says; None for one that is not accepted, for whatever reason but one.

        Raises jwt.ExpiredSignatureError for a right one that has expired, HttpError while nobody
        can say.
        """
        try:
            claims = await self._claims(token.strip())
            subject = _subject(claims)
            expires_at = int(claims["exp"]) + _LEEWAY_SECONDS
        except NotReadError as error:
            raise _no_keys(error.again_in) from None
        except _WRONG as error:
            why = ascii(str(error))[:200]
            _log.info("a token was refused: %s %s", type(error).__name__, why)
            if isinstance(error, jwt.ExpiredSignatureError):
                raise
            return None
        return AccessToken(
            token=token, client_id=subject, scopes=[], expires_at=expires_at, subject=subject
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        name, algorithm = _named(token)
        keys = self._keys.at_once()
        if keys is not None:
            try:
                return self._checked(token, algorithm, keys.fitting(name, algorithm))
            except jwt.InvalidSignatureError:
                if keys.knows(name):
                    raise
        keys = await self._keys.renewed()
        return self._checked(token, algorithm, keys.fitting(name, algorithm))

    def _checked(self, token: str, algorithm: str, keys: Sequence[Key]) -> dict[str, Any]:
        for key in keys:
            with suppress(jwt.InvalidSignatureError):
                return jwt.decode(
                    token,
                    key.public,
                    algorithms=[algorithm],
                    issuer=self._issuer,
                    audience=self._audience,
                    leeway=_LEEWAY_SECONDS,
                    options={"require": ["exp", "iss", "aud", "sub"]},
                )
        raise jwt.InvalidSignatureError(f"{len(keys)} keys fit it, and none has signed it")


class JwtCredentials:
    """Everybody whose token the SDK's own bearer authentication accepts."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._backend = BearerAuthBackend(verifier)

    async def caller(self, headers: Headers) -> Caller | Denied:
        """See Credentials. A caller is called `jwt:` and the subject of their token."""
        if bearer(headers) is None:
            return Denied(NO_TOKEN, given=False)
        connection = HTTPConnection({"type": "http", "headers": headers.raw})
        try:
            found = await self._backend.authenticate(connection)
        except jwt.ExpiredSignatureError:
            return Denied("The token has expired", given=True)
        if found is None:
            return Denied("The token is not accepted", given=True)
        user = found[1]
        assert isinstance(user, AuthenticatedUser)
        return Caller(f"jwt:{user.access_token.subject}")


def jwt_credentials(settings: HttpSettings) -> JwtCredentials:
    """What `--auth jwt` asks for. Raises SettingsError for a file that holds no keys."""
    where = settings.jwt_jwks or ""
    verifier = JwtVerifier(
        FetchedKeys(where, KeySet) if "://" in where else _FixedKeys(_from_file(where)),
        issuer=settings.jwt_issuer or "",
        audience=settings.jwt_audience or "",
    )
    return JwtCredentials(verifier)


def _named(token: str) -> tuple[str | None, str]:
    """The name of the key and the algorithm, as the token's header has it."""
    if len(token) > LONGEST_TOKEN:
        raise jwt.DecodeError("the token is too long")
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    if not is_accepted(algorithm):
        raise jwt.InvalidAlgorithmError("the algorithm is not accepted")
    # An older PyJWT would not look, and none knows such an extension (RFC 7515, 4.1.11).
    if "crit" in header:
        raise jwt.InvalidTokenError("the header has extensions")
    return header.get("kid"), cast("str", algorithm)


def _subject(claims: dict[str, Any]) -> str:
    subject: str = claims["sub"]
    if not subject:
        raise jwt.InvalidTokenError("the token is about nobody")
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise jwt.InvalidTokenError("the subject cannot stand in an audit log")
    return subject


def _no_keys(again_in: int) -> HttpError:
    why = "The keys that sign tokens cannot be read now; the token may be right. Call again"
    return HttpError(503, mcp.INTERNAL_ERROR, why, headers={"retry-after": str(again_in)})


def _from_file(path: str) -> KeySet:
    try:
        return KeySet(Path(path).expanduser().read_bytes())
    except (OSError, ValueError):
        raise SettingsError(
            f"--jwt-jwks: {path} holds no JSON Web Key Set (RFC 7517) with a public key that is"
            " usable here",
            code="SETTINGS",
        ) from None

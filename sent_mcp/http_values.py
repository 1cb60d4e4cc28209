"""What the values of settings for HTTP must look like.

Each function returns the value or raises ValueError, worded to follow the setting's name.
"""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sent_mcp.setting_values import is_loopback, is_placeholder, path

LEAST_TOKEN = 24
"""Characters of a token that nobody guesses."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?:\d{1,5}|\*))?")
_ORIGIN = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
)
_USUAL_PORT = re.compile(r"(^http://.*):80$|(^https://.*):443$")
_RESERVED = "local"


@dataclass(frozen=True)
class HttpToken:
    """A bearer token, and the name of who has it."""

    name: str
    secret: str = field(repr=False)


def tokens(value: object) -> object:
    """`name:token` or `token`, by commas; one without a name is named after its fingerprint."""
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        raise ValueError("is an empty list; leave it out to let nobody in by a token")
    # The reason never quotes a token.
    found = tuple(_token(part, place) for place, part in enumerate(parts, 1))
    if len({each.secret for each in found}) < len(found):
        raise ValueError("has the same token twice; each caller needs one of their own")
    return found


def hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    """Names as in a Host header, with a port, any port (`:*`), or none, which is any too."""
    for host in value:
        if not _HOST.fullmatch(host):
            raise ValueError(f"has {host!r}; an entry is a name like mcp.example.com or name:8000")
    return tuple(host.lower() for host in value)


def origins(value: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as browsers send them: scheme, host and port, without a path or a usual port."""
    for origin in value:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"has {origin!r}; an entry is an origin like https://app.example.com")
    return tuple(_USUAL_PORT.sub(r"\1\2", origin.lower()) for origin in value)


def jwks(value: str) -> str:
    """A file, or a URL that nobody on the way can change."""
    if "://" not in value:
        if not Path(path(value)).expanduser().is_file():
            raise ValueError("must name a file that exists, or be an https URL")
        return value
    try:
        url = urlsplit(value)
    except ValueError:
        url = None
    if url is None or not url.hostname or not _is_private(url.scheme, url.hostname):
        raise ValueError("must be a file or an https URL (http is for this machine only)")
    return value


def _is_private(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and is_loopback(host))


def _token(part: str, place: int) -> HttpToken:
    name, mark, secret = part.partition(":")
    if not mark:
        name, secret = "", part
    if is_placeholder(secret) or not secret:
        raise ValueError(f"entry {place} has no token but a placeholder")
    if not all("!" <= character <= "~" for character in secret):
        raise ValueError(f"entry {place} has characters that no header can carry")
    if mark and (not _NAME.fullmatch(name) or name == _RESERVED):
        raise ValueError(f"entry {place} has no name that can stand in an audit log before its ':'")
    return HttpToken(name or f"token-{hashlib.sha256(secret.encode()).hexdigest()[:8]}", secret)

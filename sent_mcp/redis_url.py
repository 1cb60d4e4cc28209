"""What a Redis URL says. No sentence here repeats any of it: it may hold a password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SCHEMES = ("redis", "rediss", "unix")
TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
_PLAIN_PORT = 6379
_HINT = "; in a password write #, /, ? and @ as %23, %2F, %3F and %40"


@dataclass(frozen=True)
class RedisAddress:
    """Where a server is, and who we are there. `path` is that of a socket, instead of a host.

    `files` are what TLS may need: the CA to trust, a certificate of our own.
    """

    host: str = ""
    port: int = _PLAIN_PORT
    path: str = ""
    database: int = 0
    tls: bool = False
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        """Host and port, or the socket's path; nothing secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.path or f"{host}:{self.port}"


def read_redis_url(url: str) -> RedisAddress:
    """`redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS, `unix:///path`.

    Behind `?` may stand `db`, and the files of TLS. Raises ValueError with the reason.
    """
    parts = _split(url)
    query = _query(parts)
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    files = {name: value for name, value in query.items() if name != "db"}
    if parts.scheme == "unix":
        return RedisAddress(
            path=_socket_path(parts),
            database=_database(query.get("db", "")),
            username=username,
            password=password,
        )
    return RedisAddress(
        host=_host(parts),
        port=_port(parts),
        database=_database(query.get("db") or parts.path.removeprefix("/")),
        tls=parts.scheme == "rediss",
        username=username,
        password=password,
        files=files,
    )


def _split(url: str) -> SplitResult:
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("it contains a space or a line break")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("its host cannot be read") from None
    if parts.scheme not in SCHEMES:
        raise ValueError("it must begin with redis://, rediss:// (TLS) or unix://")
    if parts.fragment:
        raise ValueError(f"it contains a #{_HINT}")
    return parts


def _query(parts: SplitResult) -> dict[str, str]:
    known = {"db", *(TLS_FILES if parts.scheme == "rediss" else ())}
    found = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not found.keys() <= known:
        raise ValueError(f"behind its ? only {', '.join(sorted(known))} may stand{_HINT}")
    return found


def _host(parts: SplitResult) -> str:
    if not parts.hostname:
        raise ValueError("it names no host")
    return unquote(parts.hostname)


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"its port is no number from 1 to 65535{_HINT}")
    return _PLAIN_PORT if port is None else port


def _socket_path(parts: SplitResult) -> str:
    if parts.hostname or not parts.path.startswith("/"):
        raise ValueError(
            "unix:// needs the absolute path of a socket, as in unix:///run/redis.sock"
        )
    return unquote(parts.path)


def _database(text: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(f"its database is no number, as in redis://host:6379/0{_HINT}")
    return int(text or 0)

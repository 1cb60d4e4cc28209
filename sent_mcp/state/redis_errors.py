"""Why a Redis server cannot be used, in a sentence without users, passwords and commands."""

import re
import socket
import ssl

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError

OLDEST = (6, 2)
READ_ONLY = "is a replica that can only be read"
_FULL = "is full (maxmemory); it needs more memory and the policy noeviction"
_PERMISSION = (
    "does not allow this user what is needed: on keys that begin with {sent-mcp: everything, and"
    " the commands of @read, @write and @scripting, TIME and PING"
)
# By what Redis says and not by redis-py's classes: inside scripts they differ between versions.
_ANSWERS = (
    ("used memory > 'maxmemory'", _FULL),
    ("read only replica", READ_ONLY),
    ("no permissions", _PERMISSION),
    ("The user executing the script", _PERMISSION),
    ("invalid username-password pair", "does not know this user, or the password is wrong"),
    ("invalid password", "does not take this password"),
    ("Authentication required", "wants a password"),
    ("without any password configured", "has no password, and one was given"),
    ("loading the dataset", "has just started and is loading its data"),
    ("MISCONF", "cannot write to its disk and so takes no changes"),
    ("NOREPLICAS", "has too few replicas and so takes no changes"),
    ("max number of clients", "has no room for another connection (maxclients)"),
    ("protected mode", "has no password and takes only local connections (protected mode)"),
    ("DB index", "has no database of this number"),
    ("unknown command", "lacks a command that is needed; scripts must be allowed"),
    ("MOVED", "is one node of a cluster; name the one that holds the keys {sent-mcp:...}"),
    ("CLUSTERDOWN", "belongs to a cluster that is down"),
    ("BUSY", "is busy with somebody's script"),
    ("No connection available", "is so slow that all our connections to it are in use"),
)
_TROUBLES: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "shows a certificate that is not trusted here"),
    (ssl.SSLError, "does not agree with us about TLS"),
    (socket.gaierror, "has a name that cannot be looked up"),
    (ConnectionRefusedError, "cannot be reached: nothing listens there"),
    (FileNotFoundError, "cannot be reached: a socket or file its URL names does not exist"),
    (PermissionError, "cannot be reached: a socket or file its URL names may not be opened"),
    (InvalidResponse, "does not speak Redis's protocol"),
    (RedisTimeoutError, "did not answer in time"),
    (TimeoutError, "did not answer in time"),
    (RedisConnectionError, "cannot be reached, or broke the connection"),
    (OSError, "cannot be reached"),
)


def explained(error: Exception) -> str:
    """What is wrong with the server, to stand behind its name."""
    said = str(error)
    for mark, why in _ANSWERS:
        if mark in said:
            return why
    causes = _causes(error)
    for kind, why in _TROUBLES:
        if any(isinstance(each, kind) for each in causes):
            return why
    code = re.match(r"[A-Z]+\b", said)
    return f"answered with an error ({code[0] if code else type(error).__name__})"


def too_old(version: object) -> str | None:
    """What is wrong with a server of this version, if anything is."""
    found = tuple(int(part) for part in re.findall(r"\d+", str(version))[:2])
    if not found or found >= OLDEST:
        return None
    oldest = ".".join(map(str, OLDEST))
    return f"is version {'.'.join(map(str, found))}; {oldest} or newer is needed, or Valkey"


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found

"""What the value of a setting must look like, and what is no API key but a forgotten placeholder.

Each function returns the value or raises ValueError, worded to follow the setting's name.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr

from sent_mcp import phone
from sent_mcp.redis_url import SCHEMES, read_redis_url

SENT_URL = "https://api.sent.dm"
TOOLSETS = ("contacts", "messages", "templates", "lookup")
_WANTED: Mapping[str, str] = {
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be {expected}",
    "too_short": "must have {min_length} characters or more",
}
_QUOTES = "\"'`“”‘’"
_TEMPLATE = re.compile(r"\$\{.*\}|\$\(.*\)|\$[A-Za-z_][\w:]*|%\w+%|<.*>|\{.*\}|\[.*\]")
_FILLING = re.compile(r"[x0*•.…-]{3,}|…", re.IGNORECASE)
_PREFIX = re.compile(r"sk_(live|test)_", re.IGNORECASE)
_STOCK = ("api key", "apikey", "sent api key", "sent dm api key", "changeme", "change me", "todo")
_ADDRESSING = {"your", "my", "the", "here", "insert", "paste", "enter", "replace", "put"}
_BESIDES = {"sent", "dm", "api", "apikey", "key", "secret", "token", "actual", "real", "me", "with"}


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(value: str) -> str:
    """Scheme, host and path, without the last slash; plain http only to this machine."""
    try:
        url = urlsplit(value)
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        # The reason would quote a piece of it, which may be a password.
        raise ValueError(f"must be a URL like {SENT_URL}") from None
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_fine:
        raise ValueError(f"must be a URL like {SENT_URL}")
    if any(character in value for character in "@?#\\") or not value.isprintable():
        raise ValueError("must be scheme, host and path only; the key has its own variable")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError(
            "plain http would send the key readable over the network; use https"
            " (http is for this machine only)"
        )
    return value.rstrip("/")


def one_line(value: str) -> str:
    """A word that can stand in a header."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be one word without spaces")
    return value


def profile(value: str) -> str:
    """The id of a profile, a UUID (API §1), in one spelling: two must not be two accounts."""
    try:
        return str(UUID(value))
    except ValueError:
        return value


def comma_list(value: object) -> object:
    """The parts of a comma list; one without any must not pass for the default."""
    if not isinstance(value, str):
        return value
    parts = tuple(part.strip() for part in value.split(",") if part.strip())
    if not parts:
        raise ValueError("is an empty list; leave it out for the default")
    return parts


def toolsets(value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of toolsets."""
    for name in value:
        if name not in TOOLSETS:
            raise ValueError(f"has {name!r}, which is none of {', '.join(TOOLSETS)}")
    return value


def recipients(value: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers, prefixes and regions."""
    for rule in value:
        if not re.fullmatch(r"\+[1-9]\d{1,14}|\+[1-9]\d{0,13}\*|[A-Z]{2}", rule):
            raise ValueError(
                f"has {rule!r}; each entry is a number (+14155550101), a prefix (+1415*)"
                " or a region (US)"
            )
        if rule.isalpha():
            region(rule)
    return value


def region(value: str) -> str:
    """An ISO region that has phone numbers."""
    if not phone.is_region(value.upper()):
        raise ValueError(f"has {value!r}; a region has two letters, like US, DE or GB")
    return value.upper()


def confirm(value: object) -> object:
    """Any mode but the reserved one."""
    if value == "page":
        raise ValueError("the mode named page is reserved; use auto, ask, token or off")
    return value


def upper(value: object) -> object:
    """A word in any case, in capitals."""
    return value.upper() if isinstance(value, str) else value


def wanted(kind: str, limits: Mapping[str, object]) -> str | None:
    """What pydantic's error of this kind asks for, in plain words; None where it has our own."""
    return _WANTED[kind].format_map(limits) if kind in _WANTED else None


def path(value: str) -> str:
    """The path of a file; `~` and `~name` must be somebody's home."""
    try:
        Path(value).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and a name that has no home here") from None
    return value


def state(value: str) -> str:
    """A file, memory, or the URL of a Redis."""
    if not is_redis(value):
        if "://" in value:
            known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise ValueError(f"is a URL, but not of a Redis, which begins with one of {known}")
        return path(value)
    try:
        password = read_redis_url(value).password
    except ValueError as error:
        raise ValueError(f"is no URL of a Redis: {error}") from None
    if password is not None and is_placeholder(password):
        raise ValueError("has a placeholder instead of the Redis's password")
    return value


def secret(value: SecretStr) -> SecretStr:
    """What nobody else knows, so no placeholder of a template that everybody can read."""
    if is_placeholder(value.get_secret_value()):
        raise ValueError("is a placeholder; put in 32 characters or more that nobody can guess")
    return value


def is_redis(value: str) -> bool:
    """Whether a state is a Redis (or Valkey)."""
    return value.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def key_problem(value: str) -> str | None:
    """Why this cannot be an API key, to follow the name of where it stands; None when it can."""
    plain = value.strip()
    unquoted = plain.strip(_QUOTES)
    if not unquoted:
        return "is empty"
    if is_placeholder(unquoted):
        return f"holds {_shown(unquoted)} instead of a key"
    if value != plain or any(character.isspace() for character in plain):
        return "has spaces or line breaks in or around the key"
    if unquoted != plain:
        return "has quotes around the key"
    if not (value.isascii() and value.isprintable()):
        return "has characters in it that no key has"
    return None


def is_placeholder(value: str) -> bool:
    """Whether somebody forgot to put a secret in; by whole words: a real one may have "key"."""
    bare = _PREFIX.sub("", value)
    words = re.split(r"[-_ ]+", bare.lower())
    return bool(
        _TEMPLATE.fullmatch(value)
        or _FILLING.fullmatch(bare)
        or " ".join(re.split(r"[-_ ]+", value.lower())) in _STOCK
        or (_ADDRESSING.intersection(words) and _ADDRESSING.union(_BESIDES).issuperset(words))
    )


def _shown(placeholder: str) -> str:
    # Somebody may have put the real key between the brackets, and every real one has digits.
    if len(placeholder) > 60 or any(character.isdigit() for character in placeholder):
        return "a placeholder"
    return f"the placeholder {placeholder!r}"

"""The entry that starts this server, and whether one that is there already is ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from sent_mcp.hosts.host import Host, HostError, Json

NAME = "sent"
_KEY_VARIABLES = ("SENT_API_KEY", "SENT_DM_API_KEY", "SENT_API_KEY_FILE")
_COMMANDS = ("sent-mcp", "sent-mcp.exe")
_MODULE = ("-m", "sent_mcp")
_DEMO_FILE = "--demo-db"
_RUNNERS = ("uvx", "uv", "pipx")
_PACKAGE = re.compile(r"sent-mcp(\[[a-z,]*\])?([@=<>~!].*)?")


@dataclass(frozen=True)
class Wish:
    """What an entry shall be: its command, and where the key comes from."""

    command: tuple[str, ...]
    demo: bool = False
    key: Mapping[str, str] | None = None
    """The variable that gives the key, or names its file; None leaves it to the host."""


def command_of(interpreter: PurePath, script: PurePath | None) -> tuple[str, ...]:
    """How a host starts this server: the script, else the interpreter with the module.

    A host may start it in a folder of somebody else's, from which nothing must be loaded: `-P`.
    Raises HostError for a path that no settings file can hold.
    """
    if script:
        return (storable("the path of this command", str(script)),)
    return (storable("the path of this command", str(interpreter)), "-P", *_MODULE)


def storable(name: str, path: str) -> str:
    """A path that a settings file can hold. Raises HostError for one that is no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise HostError(f"{name}, {path!r}, cannot be written into a file") from error
    return path


def is_ours(entry: Json) -> bool:
    """Whether an entry starts this server, by its command, its module, or a runner of packages."""
    return isinstance(entry, dict) and _words_before(entry) is not None


def holds_key(entry: Json) -> bool:
    """Whether a key itself stands in an entry, rather than where it comes from."""
    values = _environment(entry).items()
    return any(name in _KEY_VARIABLES[:2] and "${" not in str(value) for name, value in values)


def names_key_file(entry: Json) -> bool:
    """Whether an entry says which file holds the key."""
    return _KEY_VARIABLES[2] in _environment(entry)


def wanted(host: Host, wish: Wish, found: Json = None) -> dict[str, Json]:
    """The entry for a host.

    Of one that was `found`, the user's own flags, variables and other fields stay, and where its
    key comes from, unless the wish says something about that.
    """
    before = found if isinstance(found, dict) else {}
    entry: dict[str, Json] = {**host.fixed, **before, "command": wish.command[0]}
    mode = ["--demo"] if wish.demo else []
    entry["args"] = [*wish.command[1:], "serve", *mode, *_own_flags(before, demo=wish.demo)]
    if not before or wish.demo or wish.key is not None or not _has_key(before):
        _lead_to_key(entry, host, wish)
    return entry


def asks(host: Host, entry: Json) -> bool:
    """Whether an entry refers to what the host asks the user."""
    return host.question is not None and f"${{input:{host.question['id']}}}" in str(entry)


def _environment(entry: Json) -> dict[str, Json]:
    variables = entry.get("env") if isinstance(entry, dict) else None
    return variables if isinstance(variables, dict) else {}


def _lead_to_key(entry: dict[str, Json], host: Host, wish: Wish) -> None:
    reference: Mapping[str, Json] = {} if wish.demo else host.reference
    if wish.key is not None:
        reference = {"env": dict(wish.key)}
    kept = {
        name: value for name, value in _environment(entry).items() if name not in _KEY_VARIABLES
    }
    names = _texts(entry.pop("env_vars", None))
    entry.pop("env", None)
    new = reference.get("env")
    kept |= new if isinstance(new, dict) else {}
    listed = [*(name for name in names if name not in _KEY_VARIABLES)]
    listed += _texts(reference.get("env_vars"))
    if kept:
        entry["env"] = kept
    if listed:
        entry["env_vars"] = [*listed]


def _has_key(entry: Mapping[str, Json]) -> bool:
    names = [*_environment({**entry}), *_texts(entry.get("env_vars"))]
    return any(name in _KEY_VARIABLES for name in names)


def _own_flags(entry: Mapping[str, Json], *, demo: bool) -> Iterator[str]:
    rest = iter(_texts(entry.get("args"))[_words_before(entry) or 0 :])
    for word in rest:
        if not demo and word.partition("=")[0] == _DEMO_FILE:
            # It makes a demo by itself; its file may be a word of its own.
            if word == _DEMO_FILE:
                next(rest, None)
        elif word not in ("serve", "--demo"):
            yield word


def _words_before(entry: Mapping[str, Json]) -> int | None:
    """How many arguments stand before those of the server; None for another server."""
    # A file may have come from another system.
    path = str(entry.get("command")).replace("\\", "/").lower()
    name = path.rsplit("/", 1)[-1]
    arguments = _texts(entry.get("args"))
    if name in _COMMANDS:
        return 0
    for at, word in enumerate(arguments):
        if (*arguments[at - 1 : at], word) == _MODULE:
            return at + 1
        if name.removesuffix(".exe") in _RUNNERS and _PACKAGE.fullmatch(word):
            # Its name may be said twice: `uvx --from sent-mcp==1.0 sent-mcp`.
            again = arguments[at + 1 : at + 2] == ["sent-mcp"]
            return at + 2 if again else at + 1
    return None


def _texts(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []

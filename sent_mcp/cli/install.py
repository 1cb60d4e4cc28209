"""`sent-mcp install`: this server's entry in a host's settings."""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sent_mcp.cli.installation import host_command
from sent_mcp.cli.launch import launch_settings
from sent_mcp.cli.outcome import DONE, FAILED, UsageError, print_error
from sent_mcp.cli.printable import printable
from sent_mcp.hosts import (
    HOSTS,
    NAME,
    Host,
    HostError,
    HostName,
    Json,
    Machine,
    Place,
    SettingsFile,
    Wish,
    entry_in,
    holds_key,
    installed,
    is_all_ours,
    names_key_file,
    removed,
    snippet,
    storable,
    wanted,
)

_KEY_FILE = "SENT_API_KEY_FILE"
# Where uv keeps the environments of `uvx`, until its cache is cleaned.
_TEMPORARY = "archive-v0"
_QUESTIONS = {
    True: "Is +1 (415) 555-0102 on WhatsApp?",
    False: "Who of my contacts is on WhatsApp?",
}


@dataclass(frozen=True)
class Order:
    """What the command was asked to do."""

    host: HostName
    demo: bool
    only_print: bool
    remove: bool
    with_key: bool


async def install(order: Order) -> int:
    """Do it; the exit code. Raises SettingsError, UsageError."""
    _refuse_contradictions(order)
    host = HOSTS[order.host]
    try:
        if order.only_print:
            return _print(host, _wish(order))
        place = _place(host)
        if order.remove:
            return _remove(host, place)
        return _install(host, place, _wish(order))
    except HostError as error:
        problem = str(error)
    except OSError as error:
        problem = ": ".join(filter(None, (error.filename, error.strerror)))
    print_error(printable(f"INSTALL: {problem}"), as_json=False)
    return FAILED


def _refuse_contradictions(order: Order) -> None:
    pairs = (
        (order.remove and order.only_print, "--remove", "--print"),
        (order.remove and order.demo, "--remove", "--demo"),
        (order.remove and order.with_key, "--remove", "--with-key"),
        (order.only_print and order.with_key, "--print shows no key, and", "--with-key"),
        (order.demo and order.with_key, "--demo needs no key, and", "--with-key"),
    )
    for both, one, other in pairs:
        if both:
            raise UsageError(f"{one} does not go with {other}")


def _wish(order: Order) -> Wish:
    return Wish(host_command(), demo=order.demo, key=None if order.demo else _key(order.with_key))


def _key(written: bool) -> dict[str, str] | None:
    if written:
        return {"SENT_API_KEY": launch_settings().read_key()}
    file = os.environ.get(_KEY_FILE)
    # A host starts the server in another folder, and without a shell.
    if not file:
        return None
    path = os.path.abspath(os.path.expanduser(file))
    return {_KEY_FILE: storable(f"the path in {_KEY_FILE}", path)}


def _place(host: Host) -> Place:
    """Where the settings are, or would be. Raises HostError where the host seems not to be."""
    places = host.places(Machine(sys.platform, os.environ))
    for place in places:
        if place.folder.is_dir() or place.file.exists():
            return place
    raise HostError(
        f"{host.title} does not seem to be installed: there is no folder {places[-1].folder}. "
        "Start it once, or put the entry where it belongs by hand; --print shows it"
    )


def _print(host: Host, wish: Wish) -> int:
    print(snippet(host, wish), end="")
    try:
        where = str(_likeliest(host).file)
    except HostError:
        where = f"the settings of {host.title}"
    belongs = f"This belongs into {where}, beside what is there."
    for line in (belongs, *_next_steps(host, wish, wanted(host, wish), then="Once it is there")):
        print(printable(line), file=sys.stderr)
    return DONE


def _likeliest(host: Host) -> Place:
    places = host.places(Machine(sys.platform, os.environ))
    return next((place for place in places if place.folder.is_dir()), places[-1])


def _install(host: Host, place: Place, wish: Wish) -> int:
    file = SettingsFile.read(place.file)
    with _about(place.file):
        before = entry_in(host, file.text or "")
        text = installed(host, file.text or "", wish)
        entry = entry_in(host, text)
    if text != file.text:
        backup = _backed_up(host, file, before)
        file.replace(text, private=holds_key(entry))
        _say(f'{"Added" if before is None else "Changed"} "{NAME}" in {place.file}.')
        if backup is not None:
            _say(f"As it was before: {backup}")
    elif holds_key(entry) and file.is_open_to_others:
        file.replace(text, private=True)
        _say(f"Others could read the key in {place.file}; now only you can.")
    else:
        _say(f'Nothing to do: "{NAME}" stands in {place.file} as it should.')
    for line in _next_steps(host, wish, entry):
        _say(line)
    return DONE


def _remove(host: Host, place: Place) -> int:
    file = SettingsFile.read(place.file)
    if file.text is None:
        raise HostError(f"there is no {place.file}, so nothing to remove")
    backups = list(file.backups())
    with _about(place.file):
        entry = entry_in(host, file.text)
        text = removed(host, file.text, ["", *(one.text or "" for one in backups)])
    is_kept = any(backup.text == text for backup in backups)
    backup = None if is_kept else _backed_up(host, file, entry)
    if text or is_kept:
        file.replace(text, private=False)
    else:
        file.remove()
    _say(f'Removed "{NAME}" from {place.file}.')
    if backup is not None:
        _say(f"As it was before: {backup}")
    _say(host.restart)
    return DONE


def _backed_up(host: Host, file: SettingsFile, entry: Json) -> Path | None:
    """Copy the file, but neither a key nor a file that is all ours."""
    if holds_key(entry) or is_all_ours(host, file.text or ""):
        return None
    return file.back_up()


def _next_steps(host: Host, wish: Wish, entry: Json, *, then: str = "Next") -> Iterator[str]:
    if holds_key(entry):
        yield "The key stands readable in that file, which is for you alone (0600)."
    elif wish.key is not None and not os.path.isfile(wish.key[_KEY_FILE]):
        yield f"There is no file {wish.key[_KEY_FILE]} yet: put the key into it, and nothing else."
    elif not wish.demo and not names_key_file(entry):
        yield host.key_hint
    yield f"{then}: {host.restart} Then ask: {_QUESTIONS[wish.demo]}"
    if _TEMPORARY in Path(wish.command[0]).parts:
        yield (
            "This copy of sent-mcp is a temporary one of uvx, which may take it away: "
            "`uv tool install sent-mcp` makes one that stays; run this again with that."
        )


@contextmanager
def _about(path: Path) -> Generator[None]:
    """Every refusal names the file."""
    try:
        yield
    except HostError as error:
        raise HostError(f"{path}: {error}") from error
    except RecursionError as error:
        raise HostError(f"{path}: too many levels") from error


def _say(line: str) -> None:
    print(printable(line))

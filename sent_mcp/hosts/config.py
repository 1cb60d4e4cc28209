"""A host's settings as text: with our entry, without it, and as they were before it."""

import json
from collections.abc import Callable, Iterable
from typing import cast

from sent_mcp.hosts import json_edit, toml_edit
from sent_mcp.hosts.entry import NAME, Wish, asks, is_ours, wanted
from sent_mcp.hosts.host import Host, HostError, Json


def entry_in(host: Host, text: str) -> Json:
    """What stands under our name; None if nothing does. Raises HostError."""
    at: Json = _read(host, text)
    for key in (*host.section, NAME):
        at = at.get(key) if isinstance(at, dict) else None
    return at


def installed(host: Host, text: str, wish: Wish) -> str:
    """The settings with our entry as wished; the same text if it is there already.

    Raises HostError for settings that cannot be read, and for an entry of somebody else's.
    """
    found = entry_in(host, text)
    if found is not None and not is_ours(found):
        raise HostError(
            f'there is an entry "{NAME}" already that starts something else; '
            "rename it or take it out, then run this again"
        )
    entry = wanted(host, wish, found)
    if found == entry and _question_fits(host, text, entry):
        return text
    return _with(host, text, entry)


def removed(host: Host, text: str, before: Iterable[str]) -> str:
    """The settings without our entry. Raises HostError, also where there is none of ours.

    Where one of the texts of `before` is what the entry was put into, and nothing changed since,
    it is the answer.
    """
    found = entry_in(host, text)
    if found is None:
        raise HostError(f'there is no entry "{NAME}"')
    if not is_ours(found):
        raise HostError(f'the entry "{NAME}" starts something else, and is left alone')
    for original in before:
        if _put_into(host, original, found) == text:
            return original
    return _without(host, text, found)


def is_all_ours(host: Host, text: str) -> bool:
    """Whether the settings are nothing but our entry, as this command writes it."""
    found = entry_in(host, text)
    return found is not None and _put_into(host, "", found) == text


def snippet(host: Host, wish: Wish) -> str:
    """The entry alone, to be put into the settings by hand."""
    return _with(host, "", wanted(host, wish))


def _with(host: Host, text: str, entry: Json) -> str:
    expected = _read(host, text)
    section = _section(host, expected)
    section[NAME] = entry
    put = toml_edit.put if host.is_toml else json_edit.put
    after = put(text, (*host.section, NAME), entry)
    questions = _questions(host, expected)
    if asks(host, entry) and not questions:
        cast("list[Json]", expected.setdefault("inputs", [])).append(_question(host))
        after = json_edit.add(after, ("inputs",), _question(host))
    elif questions and not asks(host, expected):
        expected, after = _without_question(host, expected, after)
    return _proven(host, after, expected)


def _without(host: Host, text: str, found: Json) -> str:
    expected = _read(host, text)
    del _section(host, expected)[NAME]
    drop: Callable[[str, tuple[str, ...]], str] = toml_edit.drop if host.is_toml else json_edit.drop
    after = drop(text, (*host.section, NAME))
    if asks(host, found):
        expected, after = _without_question(host, expected, after)
    return _proven(host, after, expected)


def _without_question(
    host: Host, expected: dict[str, Json], text: str
) -> tuple[dict[str, Json], str]:
    if asks(host, expected.get(host.section[0])) or not (at := _questions(host, expected)):
        return expected, text
    inputs = cast("list[Json]", expected["inputs"])
    if len(inputs) == 1:
        del expected["inputs"]
        return expected, json_edit.drop(text, ("inputs",))
    inputs.pop(at[0])
    return expected, json_edit.drop(text, ("inputs",), at[0])


def _put_into(host: Host, original: str, entry: Json) -> str | None:
    try:
        return None if entry_in(host, original) is not None else _with(host, original, entry)
    except HostError:
        return None


def _question_fits(host: Host, text: str, entry: Json) -> bool:
    return not asks(host, entry) or bool(_questions(host, _read(host, text)))


def _questions(host: Host, settings: dict[str, Json]) -> list[int]:
    """Where our question is among the host's inputs."""
    inputs = settings.get("inputs")
    if host.question is None or not isinstance(inputs, list):
        return []
    wanted_id = host.question["id"]
    return [
        at for at, one in enumerate(inputs) if isinstance(one, dict) and one.get("id") == wanted_id
    ]


def _question(host: Host) -> dict[str, Json]:
    return dict(host.question or {})


def _section(host: Host, settings: dict[str, Json]) -> dict[str, Json]:
    at = settings
    for key in host.section:
        inner = at.setdefault(key, {})
        if not isinstance(inner, dict):
            raise HostError(f'"{key}" is no list of servers by name')
        at = inner
    return at


def _meaning(host: Host, settings: dict[str, Json]) -> str:
    """What settings say, comparably: 1, 1.0 and true are three values, and NaN is one.

    A list of no servers is none: TOML has no other way to tell of it.
    """
    said = {key: value for key, value in settings.items() if value or key not in host.section}
    return json.dumps(said, sort_keys=True, default=repr)


def _read(host: Host, text: str) -> dict[str, Json]:
    return toml_edit.read(text) if host.is_toml else json_edit.read(text)


def _proven(host: Host, after: str, expected: dict[str, Json]) -> str:
    """What was changed is read again: nothing else may say something else."""
    try:
        fits = _meaning(host, _read(host, after)) == _meaning(host, expected)
    except HostError:
        fits = False
    if not fits:
        raise HostError(
            "the file is written in a way that this command does not change safely; "
            "--print shows the entry, to be put there by hand"
        )
    return after

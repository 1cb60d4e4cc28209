"""Puts a table into a TOML file, and takes it out, around everything else.

As text: tomlkit 0.15 moves tables of arrays that stand apart, mixes line endings, and lets a table
swallow keys. Whoever calls this reads the result and compares it with what it should be.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import cast

from sent_mcp.hosts.host import HostError, Json

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ANY_HEADER = re.compile(r"[ \t]*\[")
_NOTHING = re.compile(r"[ \t]*(?:#.*)?$")


def read(text: str) -> dict[str, Json]:
    """What the file says. Raises HostError, with line and column."""
    try:
        return cast("dict[str, Json]", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).rpartition(" (at ")
        where = place.rstrip(")")
        raise HostError(f"{where}: {problem[:1].lower()}{problem[1:]}") from error
    except RecursionError as error:
        raise HostError("too many levels") from error


def put(text: str, path: Sequence[str], value: Json) -> str:
    """The text with the table in the place of its predecessor, else at its end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text)
    # What looks like its header may stand in a text of several lines.
    found = _lines_of(lines, path) if _has(read(text), path) else []
    table = [f"{line}{newline}" for line in _table(path, cast("Mapping[str, Json]", value))]
    if found:
        first = found[0].start
        rest = _left(lines[first:], [range(s.start - first, s.stop - first) for s in found])
        return "".join([*lines[:first], *table, *rest])
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += newline
    gap = [newline] if lines and lines[-1].strip() else []
    return "".join([*lines, *gap, *table])


def drop(text: str, path: Sequence[str]) -> str:
    """The text without the table, those inside it and the empty line before it."""
    lines = _lines(text)
    return "".join(_left(lines, _lines_of(lines, path)))


def _lines(text: str) -> list[str]:
    """With their ends; TOML knows fewer of them than `str.splitlines`."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _has(settings: Json, path: Sequence[str]) -> bool:
    for key in path:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings is not None


def _left(lines: Sequence[str], spans: Sequence[range]) -> list[str]:
    """The lines without the spans and the empty line before each."""
    gone = {at for span in spans for at in span}
    gone |= {span.start - 1 for span in spans if not lines[span.start - 1].strip()}
    return [line for at, line in enumerate(lines) if at not in gone]


def _lines_of(lines: Sequence[str], path: Sequence[str]) -> list[range]:
    """From its header, and those of tables inside it, to the last line before the next header."""
    names = r"\s*\.\s*".join(f"(?:{name}|\"{name}\"|'{name}')" for name in map(re.escape, path))
    header = re.compile(rf"[ \t]*\[\[?\s*{names}\s*[.\]]")
    starts = [at for at, line in enumerate(lines) if _ANY_HEADER.match(line)]
    spans: list[range] = []
    for at, following in zip(starts, [*starts, len(lines)][1:], strict=True):
        if header.match(lines[at]):
            # Comments before the next header are about what follows.
            while _NOTHING.match(lines[following - 1].rstrip("\r\n")):
                following -= 1
            spans.append(range(at, following))
    return spans


def _table(path: Sequence[str], value: Mapping[str, Json]) -> list[str]:
    header = ".".join(map(_key, path))
    return [f"[{header}]", *(f"{_key(key)} = {_shown(one)}" for key, one in value.items())]


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value).items()
        return "{ " + ", ".join(f"{_key(key)} = {_shown(one)}" for key, one in members) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, cast('list[object]', value)))}]"
    if isinstance(value, date | time):
        return value.isoformat()
    return _string(value) if isinstance(value, str) else json.dumps(value)

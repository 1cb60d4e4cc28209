"""How a setting that is not at its default is shown, and what it means for whoever uses it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from sent_mcp.cli.doctor.findings import Status
from sent_mcp.cli.doctor.secrets import without_numbers
from sent_mcp.http_values import HttpToken
from sent_mcp.redis_url import read_redis_url
from sent_mcp.setting_values import is_loopback, is_redis

Meaning = tuple[Status, str]
"""Whether somebody may not expect it, and what follows from it."""


def shown(field: str, value: object) -> str:
    """The value, as far as it may be seen: of secrets the length, of recipients how many."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, SecretStr):
        return f"set ({len(value.get_secret_value())} characters)"
    if isinstance(value, tuple):
        return _listed(field, cast("tuple[object, ...]", value))
    if field == "state" and is_redis(str(value)):
        return f"Redis at {read_redis_url(str(value))}"
    if field in ("sender_id", "profile_id"):
        return without_numbers(str(value))
    return str(value)


def meaning(field: str, value: object) -> Meaning:
    """What follows from it; nothing to say about most."""
    explain = _MEANINGS.get(field)
    return ("ok", "") if explain is None else explain(value)


def short_path(path: Path) -> str:
    """A path with ~ for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        # It is elsewhere, or there is no home.
        return str(path)


def _listed(field: str, values: tuple[object, ...]) -> str:
    if field == "allowed_recipients":
        return _counted(values, "entry", "entries")
    if field == "tokens":
        names = [each.name for each in values if isinstance(each, HttpToken)]
        return without_numbers(f"{_counted(names, 'token', 'tokens')} ({', '.join(names)})")
    return ",".join(map(str, values))


def _counted(values: Sequence[object], one: str, many: str) -> str:
    return f"{len(values)} {one if len(values) == 1 else many}"


def _base_url(value: object) -> Meaning:
    host = str(value).split("://")[-1].split("/")[0]
    name = host.rsplit(":", 1)[0].strip("[]")
    here = " It is on this machine." if is_loopback(name) else ""
    return "warning", f"requests, and the key, go there and not to Sent's own API.{here}"


def _confirm(value: object) -> Meaning:
    said: Mapping[object, Meaning] = {
        "off": ("warning", "nobody is asked before a delete, a send or a lifted opt-out."),
        "ask": ("ok", "what needs confirmation is refused where the host has no forms."),
        "token": ("ok", "confirmation is always a second call with a token, never a form."),
    }
    return said.get(value, ("ok", ""))


def _file(value: object) -> Meaning:
    """A file may have any name; but whoever writes a URL means none."""
    if "://" not in str(value) or is_redis(str(value)):
        return "ok", ""
    return "warning", "it is taken for the path of a file; a Redis begins with redis://."


def _allowed(_: object) -> Meaning:
    return "ok", "sends to anybody else are refused."


def _read_only(_: object) -> Meaning:
    return "ok", "only tools that change nothing exist."


def _dry_run(_: object) -> Meaning:
    return "warning", "Sent only validates each change; nothing is changed or sent."


def _messages_per_day(value: object) -> Meaning:
    return ("warning", "no message at all can be sent.") if value == 0 else ("ok", "")


_MEANINGS: Mapping[str, Callable[[object], Meaning]] = {
    "base_url": _base_url,
    "confirm": _confirm,
    "allowed_recipients": _allowed,
    "read_only": _read_only,
    "dry_run": _dry_run,
    "messages_per_day": _messages_per_day,
    "state": _file,
    "audit_log": _file,
}

"""The API key: where it comes from and whether it can be one. Of its text only a known prefix."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sent_mcp.cli.doctor.environment import ALIAS
from sent_mcp.cli.doctor.findings import Check, sentence
from sent_mcp.cli.doctor.setting_words import short_path
from sent_mcp.client import ApiKey
from sent_mcp.errors import SettingsError
from sent_mcp.settings import Settings

_KINDS = {"sk_test_": "a test key", "sk_live_": "a live key"}
_PREFIX = re.compile("|".join(_KINDS))
_OF_OTHERS = 0o077
_ADVICE = {
    "MISSING_KEY": (
        "Set SENT_API_KEY to your key from the Sent dashboard, in the environment or in your host's"
        " entry (`sent-mcp serve --demo` needs none)."
    ),
    "PLACEHOLDER_KEY": (
        "Put the real key from the Sent dashboard in its place, without quotes, spaces or ${...};"
        " not every host fills such names in."
    ),
    "KEY_FILE": (
        "Let SENT_API_KEY_FILE name a file that you can read and that holds nothing but the key."
    ),
}


@dataclass(frozen=True)
class Key:
    """The key, None without a usable one, and what there is to say about it."""

    value: str | None
    checks: tuple[Check, ...]


def look_at_key(
    settings: Settings, variables: Mapping[str, str], *, demo: bool, brought: bool
) -> Key:
    """`brought`: every caller has a key of their own, so that none is needed here."""
    if demo:
        return Key(settings.read_key(), (Check("key", "ok", "The demo has a key of its own."),))
    try:
        key = settings.read_key()
    except SettingsError as error:
        return Key(None, (_unusable(error, settings, variables, brought=brought),))
    checks = [_usable(key, settings, variables), *_doubts(settings, variables)]
    return Key(key, tuple(checks))


def _unusable(
    error: SettingsError, settings: Settings, variables: Mapping[str, str], *, brought: bool
) -> Check:
    if error.code == "MISSING_KEY" and brought:
        return Check("key", "ok", "No key is set, and none is needed: callers bring their own.")
    message = error.message
    if error.code == "MISSING_KEY" and "SENT_API_KEY" in variables:
        message = "SENT_API_KEY is set, but empty"
    elif settings.api_key is not None:
        message = message.replace("SENT_API_KEY", _variable(variables), 1)
    elif settings.api_key_file is not None:
        message = f"{message} ({short_path(settings.api_key_file.expanduser())})"
    return Check("key", "wrong", sentence(message), _ADVICE.get(error.code, ""))


def _usable(key: str, settings: Settings, variables: Mapping[str, str]) -> Check:
    prefix = _PREFIX.match(key)
    name = f"fingerprint {ApiKey(lambda: key).fingerprint()}"
    kind = "a key that does not say whether it is a test or a live one"
    if prefix:
        name, kind = f"{prefix[0]}…", _KINDS[prefix[0]]
    if settings.api_key is None and settings.api_key_file is not None:
        source = f"the file {short_path(settings.api_key_file.expanduser())} (SENT_API_KEY_FILE)"
    else:
        source = f"the variable {_variable(variables)}"
    return Check(
        "key", "ok", f"{kind[:1].upper()}{kind[1:]} ({name}, {len(key)} characters), from {source}."
    )


def _variable(variables: Mapping[str, str]) -> str:
    return "SENT_API_KEY" if variables.get("SENT_API_KEY") else ALIAS


def _doubts(settings: Settings, variables: Mapping[str, str]) -> Iterator[Check]:
    alias = variables.get(ALIAS)
    if alias and variables.get("SENT_API_KEY") not in ("", None, alias):
        said = f"{ALIAS} holds another key, which is not used: SENT_API_KEY wins."
        yield Check("key_alias", "warning", said, f"Unset {ALIAS}.")
    if settings.api_key_file is None:
        return
    if settings.api_key is not None:
        said = f"SENT_API_KEY_FILE is not used: {_variable(variables)} wins."
        yield Check("key_file", "warning", said, "Unset the one you do not want.")
    elif _is_open_to_others(settings.api_key_file.expanduser()):
        said = "Others on this machine may read the file with the key."
        yield Check("key_file", "warning", said, "Let only yourself read it: chmod 600.")


def _is_open_to_others(file: Path) -> bool:
    return hasattr(os, "getuid") and bool(file.stat().st_mode & _OF_OTHERS)

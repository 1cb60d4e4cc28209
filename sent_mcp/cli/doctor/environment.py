"""What the environment says: which settings are wrong, and which are not at their defaults."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic_settings import BaseSettings

from sent_mcp.cli.doctor.findings import SETTING, SETTINGS, Check, sentence
from sent_mcp.cli.doctor.secrets import without_numbers
from sent_mcp.cli.doctor.setting_words import meaning, shown
from sent_mcp.cli.launch import launch_settings
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import (
    read_settings,
    refuse_unknown,
    setting_problems,
    variable_of,
)
from sent_mcp.settings import Settings

ALIAS = "SENT_DM_API_KEY"
_MODELS = (Settings, HttpSettings)
_KEYS = ("api_key", "api_key_file")
"""They have a check of their own."""
_DEMOS = ("SENT_API_KEY", "SENT_BASE_URL", "SENT_API_VERSION", "SENT_PROFILE_ID")
"""A demo has its own."""
_UNSET = "Correct or unset {}; {} does not start with it."
_STARTS: Mapping[type[BaseSettings], str] = {
    Settings: "a server",
    HttpSettings: "a server over HTTP",
}


@dataclass(frozen=True)
class Environment:
    """The settings, None where a server would not start, and what there is to say about them."""

    settings: Settings | None
    http: HttpSettings | None
    checks: tuple[Check, ...]


def read_environment(variables: Mapping[str, str], *, demo: bool) -> Environment:
    """Read all of it, and name everything that is wrong, not only the first."""
    names = sorted(name for name in variables if name.upper().startswith("SENT_"))
    unknown = list(_unknown(names))
    wrong = {model: list(_wrong(model, demo=demo)) for model in _MODELS}
    http = None if wrong[HttpSettings] else read_settings(HttpSettings, {})
    settings, together = None, list[Check]()
    if not unknown and not wrong[Settings]:
        settings, together = _together(demo=demo)
    said = [*unknown, *wrong[Settings], *wrong[HttpSettings], *together, *_similar(names)]
    if settings is not None:
        said += _set(settings, http, demo=demo)
    return Environment(settings, http, tuple(said))


def _unknown(names: list[str]) -> Iterator[Check]:
    for name in names:
        try:
            refuse_unknown([name], _MODELS)
        except SettingsError as error:
            yield Check(
                SETTING + name, "wrong", sentence(error.message), _UNSET.format(name, "a server")
            )


def _wrong(model: type[BaseSettings], *, demo: bool) -> Iterator[Check]:
    for name, reason in setting_problems(model):
        if not (demo and name in _DEMOS):
            message = sentence(f"{name}: {without_numbers(reason)}")
            advice = _UNSET.format(name, _STARTS[model])
            yield Check(SETTING + name, "wrong", message, advice)


def _together(*, demo: bool) -> tuple[Settings | None, list[Check]]:
    try:
        return launch_settings(demo=demo), []
    except SettingsError as error:
        advice = "Correct these settings; a server does not start with them."
        return None, [Check(SETTINGS, "wrong", sentence(error.message), advice)]


def _similar(names: list[str]) -> Iterator[Check]:
    """Variables that nothing reads, but that look as if somebody thought so."""
    known = [variable_of(model, field) for model in _MODELS for field in model.model_fields]
    for name in names:
        if name in (*known, ALIAS) or name.upper().startswith("SENT_MCP_"):
            continue
        near = difflib.get_close_matches(name.upper(), [*known, ALIAS], n=1, cutoff=0.8)
        if near:
            message = f"{name} is not read; did you mean {near[0]}?"
            yield Check(SETTING + name, "warning", message, f"Rename it to {near[0]}, or unset it.")


def _set(settings: Settings, http: HttpSettings | None, *, demo: bool) -> Iterator[Check]:
    """Every setting: those of the environment one by one, then those at their defaults."""
    kept: list[str] = []
    unset: list[str] = []
    for variable, field, value, default in _values(settings, http, demo=demo):
        if value != default:
            yield _setting(variable, field, value)
        elif value is None or value == ():
            unset.append(variable)
        else:
            kept.append(f"{variable} {shown(field, value)}")
    yield from _without_tools(settings)
    said = [f"At their defaults: {', '.join(kept)}.", f"Not set: {', '.join(unset)}."]
    yield Check(SETTINGS, "ok", " ".join([*said, "A .env file is not read."]))


def _values(
    settings: Settings, http: HttpSettings | None, *, demo: bool
) -> Iterator[tuple[str, str, object, object]]:
    """Variable, field, value and default of each, without the keys."""
    for model in (settings, *([] if http is None else [http])):
        for field, info in type(model).model_fields.items():
            variable = variable_of(type(model), field)
            if field not in _KEYS and not (demo and variable in _DEMOS):
                yield variable, field, getattr(model, field), info.default


def _setting(variable: str, field: str, value: object) -> Check:
    status, follows = meaning(field, value)
    message = f"{variable} = {shown(field, value)}, from the environment"
    advice = f"Unset {variable} unless you want that." if status == "warning" else ""
    return Check(SETTING + variable, status, message + (f": {follows}" if follows else "."), advice)


def _without_tools(settings: Settings) -> Iterator[Check]:
    fields = type(settings).model_fields
    if settings.toolsets == fields["toolsets"].default and not settings.read_only:
        return
    # It loads the whole SDK, which takes longer than everything else here.
    from sent_mcp.offered import offered_tools

    if not offered_tools(settings):
        names = "SENT_MCP_TOOLSETS and SENT_MCP_READ_ONLY"
        yield Check("tools", "warning", f"{names} leave no tool to offer.", f"Change {names}.")

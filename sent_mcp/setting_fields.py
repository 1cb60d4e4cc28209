"""What every model of settings has in common: names of variables and flags, and what is refused."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import AliasChoices, JsonValue
from pydantic import ValidationError as PydanticValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from sent_mcp import setting_values as values
from sent_mcp.errors import SettingsError

FLAG: dict[str, JsonValue] = {"flag": True}
"""Marks a field that is a flag of `serve` too."""
CONFIG = SettingsConfigDict(frozen=True, extra="forbid", case_sensitive=True, env_ignore_empty=True)
Model = TypeVar("Model", bound=BaseSettings)


def read_settings(model: type[Model], given: Mapping[str, object]) -> Model:
    """The settings of the environment, and of flags by field, which win.

    Raises SettingsError that names each wrong one.
    """
    flagged = {name: value for name, value in given.items() if value not in (None, "")}
    try:
        return _read(model, flagged)
    except PydanticValidationError as error:
        lines = [f"{name}: {reason}" for name, reason in _problems(model, error, flagged)]
        raise SettingsError("; ".join(lines), code="SETTINGS") from None


def setting_problems(model: type[BaseSettings]) -> list[tuple[str, str]]:
    """Each variable of the environment that is wrong, and what its value must be instead."""
    try:
        _read(model, {})
    except PydanticValidationError as error:
        return _problems(model, error, ())
    return []


def refuse_unknown(names: Iterable[str], models: Sequence[type[BaseSettings]]) -> None:
    """Raises SettingsError for a `SENT_MCP_` variable that is none: it may be mistyped."""
    known = [variable_of(model, field) for model in models for field in model.model_fields]
    for name in sorted(names):
        if name.upper().startswith("SENT_MCP_") and name not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting of this version{hint}", code="SETTINGS")


def variable_of(model: type[BaseSettings], field: str) -> str:
    """The environment variable of a field."""
    alias = model.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias)


def flag_of(field: str) -> str:
    """The flag of `serve` for a field: `--read-only` for `read_only`."""
    return "--" + field.replace("_", "-")


def flags(model: type[BaseSettings]) -> dict[str, FieldInfo]:
    """The fields that are flags of `serve` too, in order."""
    return {
        name: info for name, info in model.model_fields.items() if info.json_schema_extra == FLAG
    }


def _read(model: type[Model], flagged: Mapping[str, object]) -> Model:
    by_variable = {variable_of(model, name): value for name, value in flagged.items()}
    return model(**by_variable)  # pyright: ignore[reportArgumentType]  # checked by pydantic


def _problems(
    model: type[BaseSettings], error: PydanticValidationError, flagged: Iterable[str]
) -> list[tuple[str, str]]:
    names = {variable_of(model, field): flag_of(field) for field in flagged}
    found: list[tuple[str, str]] = []
    for problem in error.errors(include_url=False, include_input=False):
        variable = str(problem["loc"][0])
        wanted = values.wanted(problem["type"], problem.get("ctx", {}))
        reason = wanted or problem["msg"].removeprefix("Value error, ")
        found.append((names.get(variable, variable), reason))
    return found

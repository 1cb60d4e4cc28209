"""The form that a host shows before it starts the server, made from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from bundle.main import DEMO
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings

Schema = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Question:
    """The name of a field, and its explanation where the setting's own does not fit a form."""

    title: str
    explanation: str | None = None


QUESTIONS: Mapping[str, Question] = {
    "api_key": Question("Sent API key", "The key of your Sent account; the demo needs none"),
    "default_region": Question("Default region"),
    "read_only": Question("Read only"),
    "confirm": Question("Confirmation"),
    "dry_run": Question("Dry run", "Changes and sends are checked by Sent, but not done"),
    "allowed_recipients": Question(
        "Allowed recipients",
        "Numbers, prefixes (+1415*) or regions (US), with commas between them; sends elsewhere are"
        " refused. Empty: no restriction",
    ),
    "max_recipients": Question("Messages in one send"),
    "messages_per_day": Question("Messages in a day"),
    "mask_phones": Question("Mask phone numbers"),
    "profile_id": Question("Profile", "Act for this child profile; empty: for the account itself"),
}
"""The settings that the form asks for, in its order."""

_DEMO: dict[str, JsonValue] = {
    "type": "boolean",
    "title": "Demo",
    "description": "Try it on an emulated address book, without an account",
    "required": False,
    "default": False,
}
_TYPES = {"boolean": "boolean", "integer": "number", "number": "number"}
_LIMITS = {"minimum": "min", "maximum": "max"}


def user_config() -> dict[str, JsonValue]:
    """The manifest's `user_config`: the key first, then the demo, then the rest."""
    schemas = cast("Mapping[str, Schema]", Settings.model_json_schema()["properties"])
    asked: dict[str, JsonValue] = {
        name: _field(schemas[variable_of(Settings, name)], question)
        for name, question in QUESTIONS.items()
    }
    return {"api_key": asked.pop("api_key"), "demo": _DEMO, **asked}


def environment() -> dict[str, JsonValue]:
    """The variables of the server, each with the reference to its field."""
    variables = {name: variable_of(Settings, name) for name in QUESTIONS}
    return {
        variable: f"${{user_config.{name}}}"
        for name, variable in {**variables, "demo": DEMO}.items()
    }


def _field(schema: Schema, question: Question) -> dict[str, JsonValue]:
    # A setting that can be none is its schema or null.
    kinds = cast("list[Schema]", schema.get("anyOf", [schema]))
    kind, default = kinds[0], schema["default"]
    field: dict[str, JsonValue] = {
        "type": _TYPES.get(str(kind["type"]), "string"),
        "title": question.title,
        "description": question.explanation or str(schema["description"]).replace("`", ""),
        "required": False,
        # Without a default, a host would hand over its own reference instead of an empty value.
        "default": default if isinstance(default, bool | int | float | str) else "",
    }
    field |= {limit: kind[name] for name, limit in _LIMITS.items() if name in kind}
    if kind.get("writeOnly"):
        field["sensitive"] = True
    return field

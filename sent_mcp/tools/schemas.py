"""JSON Schemas that every host accepts, made from the pydantic models.

One flat object: no `$ref`, no `anyOf`, no null unions, one `type` per property. Anthropic's and
OpenAI's APIs refuse combinators at the root and Gemini refuses null unions, so what pydantic writes
for an optional argument is rewritten.
"""

from functools import cache
from typing import cast

from pydantic import BaseModel, JsonValue

from sent_mcp.tools.arguments import argument_names
from sent_mcp.tools.results import ChangeResult

Schema = dict[str, JsonValue]
_NOISE = ("title", "$defs")


@cache
def input_schema(model: type[BaseModel]) -> Schema:
    """The schema of a tool's arguments, unknown ones refused."""
    whole = cast("Schema", model.model_json_schema())
    flat = _flat(whole, cast("Schema", whole.get("$defs", {})))
    flat.pop("description", None)
    properties = cast("dict[str, JsonValue]", flat["properties"])
    flat["properties"] = {name: properties[name] for name in argument_names(model)}
    flat["additionalProperties"] = False
    return flat


@cache
def output_schema(model: type[BaseModel]) -> Schema:
    """The types of what a result always has, and of what a change may have.

    What is inside lists and objects is left open, and so is what only some results have. Small on
    purpose: hosts pay for it in every conversation, and drop tools with large ones.
    """
    whole = cast("Schema", model.model_json_schema(mode="serialization"))
    definitions = cast("Schema", whole.get("$defs", {}))
    properties = cast("dict[str, Schema]", whole["properties"])
    shape: dict[str, JsonValue] = {
        name: {"type": _resolved(each, definitions)["type"]}
        for name, each in properties.items()
        if _is_published(model, name)
    }
    always: list[JsonValue] = [name for name in ("message", "status") if name in shape]
    return {"type": "object", "properties": shape, "required": always}


def _is_published(model: type[BaseModel], name: str) -> bool:
    if model.model_fields[name].is_required() or name == "confirmation_token":
        return True
    return issubclass(model, ChangeResult) and name not in ChangeResult.model_fields


def _flat(node: Schema, definitions: Schema) -> Schema:
    node = _resolved(node, definitions)
    flat: Schema = {}
    for key, value in node.items():
        if key in _NOISE or (key == "default" and value in (None, [])):
            continue
        if key == "properties":
            named = cast("dict[str, Schema]", value)
            flat[key] = {name: _flat(each, definitions) for name, each in named.items()}
        elif isinstance(value, dict):
            flat[key] = _flat(value, definitions)
        else:
            flat[key] = value
    return flat


def _resolved(node: Schema, definitions: Schema) -> Schema:
    """`node` with its reference followed and without its null alternative."""
    rest = {key: value for key, value in node.items() if key not in ("$ref", "anyOf")}
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        return _resolved({**cast("Schema", definitions[name]), **rest}, definitions)
    if "anyOf" in node:
        arms = cast("list[Schema]", node["anyOf"])
        (only,) = [arm for arm in arms if arm.get("type") != "null"]
        return _resolved({**only, **rest}, definitions)
    return node

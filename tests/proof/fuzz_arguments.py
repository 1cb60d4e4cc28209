"""Every tool with arguments made from its own published schema: valid, nearly valid, hostile.

A call is answered with a result of the published form, or with an error that names an argument. A
read never changes anything, nor does a call that is refused, nor one that must be asked about.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

import jsonschema
from mcp_types import Tool

from tests.proof.fuzz_answers import VALUES
from tests.proof.fuzz_api import Script, standing
from tests.proof.fuzz_tour import Arguments, Guest, Said, visiting
from tests.proof.report import Row, Scale
from tests.proof.untrusted_judge import hidden_in
from tests.proof.untrusted_strings import TEXTS

Schema = dict[str, Any]
Making = Callable[[Random, Schema], Arguments]
_NEVER_SAID: Final = (
    "Traceback", "INTERNAL: a defect", "<class", "NoneType", "object at 0x", "pydantic", "KeyError",
    "dict_type", "'str'", "'int'", "validation error",
)  # fmt: skip
_GUARDED: Final = ("delete_contact", "send_message")
_WORDS: Final = (
    "+14155550102", "+1 (415) 555-0104", "tel:+44-20-7946-0100", "4155550101", "US", "abc", "1",
    "order_confirmation", "UTILITY", "https://example.test/a.png", "2026-12-01T09:00:00+01:00",
    "delete a cf_abc", "fa089e63-9a4e-5cb0-a38e-c4695a017787", "true", "[]", "{}", "null", "",
)  # fmt: skip
_MOST_SECONDS: Final = 8.0


async def run(scale: Scale) -> Sequence[Row]:
    """One row for each way of making arguments."""
    random = Random(scale.seed)
    count = scale.of(400, 40_000)
    kinds: dict[str, Making] = {"valid": _valid, "nearly valid": _nearly, "hostile": _hostile}
    return [await _row(name, random, make, count) for name, make in kinds.items()]


async def _row(what: str, random: Random, make: Making, count: int) -> Row:
    script, wrong = Script(), list[str]()
    failed = refused = 0
    async with standing(script) as url:
        for first in range(0, count, 500):
            # A new server now and then: what a caller may do unasked is limited.
            async with visiting(url) as guest:
                tools = (await guest.client.list_tools()).tools
                for _ in range(first, min(count, first + 500)):
                    tool = random.choice(tools)
                    given = make(random, tool.input_schema)
                    found, error = await _wrong_in(guest, script, tool, given)
                    failed, refused = failed + bool(found), refused + error
                    wrong += [f"{tool.name} {_short(given)}: {each}" for each in found]
    return Row(
        part="arguments", what=what, tried=count, survived=count - failed,
        figures=f"{refused:,} refused", wrong=tuple(wrong[:10]),
    )  # fmt: skip


def _short(given: Arguments) -> str:
    return json.dumps(given)[:300]


async def _wrong_in(
    guest: Guest, script: Script, tool: Tool, given: Arguments
) -> tuple[list[str], bool]:
    before, began = len(script.changes), time.monotonic()
    said = await guest.call(tool.name, given)
    took, changes = time.monotonic() - began, script.changes[before:]
    error = any(each.where == "error" for each in said)
    found = [problem for each in said for problem in _judged(each, tool, given)]
    if took > _MOST_SECONDS:
        found.append(f"took {took:.0f} s")
    reads = tool.annotations is not None and tool.annotations.read_only_hint
    nothing = any("Nothing was changed or sent" in str(each.value) for each in said)
    if changes and (reads or nothing or tool.name in _GUARDED):
        found.append(f"changed {changes[:3]}: {str(said[0].value)[:200]}")
    return found, error


def _judged(said: Said, tool: Tool, given: Arguments) -> Iterator[str]:
    if said.where == "protocol":
        yield f"protocol error {str(said.value)[:200]}"
        return
    if said.where == "structured":
        json.dumps(said.value, allow_nan=False)
        jsonschema.validate(said.value, tool.output_schema or {})
        return
    yield from hidden_in(said.value)
    yield from (f"says {each}: {said.value[:300]}" for each in _NEVER_SAID if each in said.value)
    if said.value.startswith("INVALID_ARGUMENTS: the arguments"):
        known = [*tool.input_schema["properties"], "arguments", *(name[:20] for name in given)]
        if not any(ascii(name)[1:-1] in ascii(said.value) for name in known):
            yield f"names no argument: {said.value[:300]}"
    unknown = [name for name in given if name not in tool.input_schema["properties"]]
    if unknown and said.where != "error":
        yield f"took the unknown {unknown[0]!r}"


def _valid(random: Random, schema: Schema) -> Arguments:
    """What the schema allows, and nothing besides."""
    needed = schema.get("required", [])
    named: dict[str, Schema] = schema["properties"]
    chosen = [name for name in named if name in needed or random.random() < 0.4]
    return {name: _of(random, named[name]) for name in chosen}


_ANY_TEXT: Final[Schema] = {"type": "string"}


def _of(random: Random, schema: Schema) -> Any:
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema["type"]:
        case "boolean":
            return random.random() < 0.5
        case "integer" | "number":
            least, most = schema.get("minimum", -5), schema.get("maximum", 10**6)
            return random.choice([least, most, random.randint(least, most)])
        case "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 5), 5)
            size = random.randint(least, max(least, most))
            items = {"description": schema.get("description", ""), **schema.get("items", _ANY_TEXT)}
            return [_of(random, items) for _ in range(size)]
        case "object":
            names = random.sample(_WORDS, random.randrange(3))
            values: Schema = schema.get("additionalProperties", _ANY_TEXT)
            return {name: _of(random, values) for name in names}
        case _:
            return _text(random, schema)


def _text(random: Random, schema: Schema) -> str:
    said = schema.get("description", "")
    if ("umber" in said or "spelling" in said) and random.random() < 0.9:
        return random.choice(_WORDS[:4])
    text = random.choice([*_WORDS, "a", "x" * random.choice([1, 64, 65, 512, 4096, 5000])])
    return text[: schema.get("maxLength", 10_000)]


def _nearly(random: Random, schema: Schema) -> Arguments:
    """Valid but for one thing."""
    given = _valid(random, schema)
    named: dict[str, Schema] = schema["properties"]
    name = random.choice([*given, *named])
    value = given.get(name, "x")
    match random.randrange(8):
        case 0:
            given.pop(name, None)
        case 1:
            given[random.choice([name + "s", name.upper(), name.replace("_", ""), "dryrun"])] = (
                value
            )
        case 2:
            given[name] = json.dumps(value)
        case 3:
            given[name] = [value]
        case 4:
            given[name] = str(value)
        case 5:
            limits = [named[name].get(key, 1) for key in ("minimum", "maximum", "maxItems")]
            given[name] = random.choice(limits) + random.choice([-1, 0, 1])
        case 6:
            most = named[name].get("maxItems", named[name].get("maxLength", 10))
            given[name] = (
                ["+14155550102"] * (most + 1) if random.random() < 0.5 else "x" * (most + 1)
            )
        case _:
            given[name] = random.choice(
                [None, "", "null", "None", "undefined", " ", "yes", 1.0, "1e3"]
            )
    return given


def _hostile(random: Random, schema: Schema) -> Arguments:
    """Whatever JSON can hold, in places that there are and in others."""
    given = _valid(random, schema)
    names = [*schema["properties"], *random.sample([*TEXTS.values()], 2), "__class__", "self"]
    for _ in range(random.randrange(1, 4)):
        name = random.choice(names)[:200]
        given[_whole(name)] = _bad(random, depth=2)
    return given


def _bad(random: Random, depth: int) -> Any:
    kind = random.random()
    if kind < 0.4:
        return _whole(random.choice([*TEXTS.values()])[:20_000])
    if kind < 0.7 or not depth:
        return random.choice([value for name, value in VALUES if name not in _NOT_SENT])
    if kind < 0.85:
        return [_bad(random, depth - 1) for _ in range(random.randrange(3))]
    return {_whole(random.choice([*TEXTS.values()])[:50]): _bad(random, depth - 1)}


_NOT_SENT: Final = ("half a pair", "infinite", "not a number")
"""What no client can put on the wire; the framing has its own proof."""


def _whole(text: str) -> str:
    return text.encode(errors="ignore").decode()

"""Tool arguments: lenient in form, strict in intent.

"2" is 2, a list may come as JSON text, an empty string means absent; but a name that no argument
has is refused, because a mistyped `dryrun` must not delete.
"""

import difflib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from sent_mcp import phone
from sent_mcp.errors import RefusedError
from sent_mcp.quoting import visible

_ABSENT = (None, "", "null", "None", "undefined")
MOST_PAIRS, LONGEST_NAME, LONGEST_VALUE = 50, 64, 1000
"""What a question can show of an object; nothing is approved that it does not."""
_MOST_ENTRIES = 2_000
"""Above this a list is refused before its entries are read, which could take minutes."""
_MOST_PROBLEMS = 10
_NEVER_ABSENT = "dry_run"
_ID = r"[A-Za-z0-9_-]{1,64}"
_NO_NUMBER = r"[A-Za-z]|^\d{8}(-\d{4}){3}-\d{12}$"


class Arguments(BaseModel):
    """Base of every tool's input. Unknown names are refused."""

    # Built at the first call of its tool: most conversations use one or two.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_absent(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        given: dict[str, object] = {str(name): value for name, value in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # outside data
        return {name: value for name, value in given.items() if not cls._is_absent(name, value)}

    @classmethod
    def _is_absent(cls, name: str, value: object) -> bool:
        field = cls.model_fields.get(name)
        if field is None or field.is_required() or name == _NEVER_ABSENT:
            return False
        return value is None or (isinstance(value, str) and value.strip() in _ABSENT)


Parsed = TypeVar("Parsed", bound=Arguments)


def parse(
    model: type[Parsed], tool: str, given: Mapping[str, object], region: str | None
) -> Parsed:
    """The arguments of one call, normalised. Raises RefusedError that names each problem."""
    try:
        return model.model_validate(given, context={"region": region})
    except ValidationError as error:
        problems: dict[str, list[str]] = {}
        found = error.errors(include_url=False, include_input=False, include_context=False)
        for problem in found[:_MOST_PROBLEMS]:
            where = problem["loc"]
            name = str(where[0]) if where else "arguments"
            place = "".join(f"[{part}]" for part in where[1:])
            said = _said(problem["type"], problem["msg"], name, model)
            problems.setdefault(visible(name + place, 60), []).append(said)
        wrong = f"the arguments of {tool} are wrong"
        if len(found) > _MOST_PROBLEMS:
            wrong += f"; the first {_MOST_PROBLEMS} of {len(found)} problems"
        raise RefusedError(wrong, details=problems) from None


def argument_names(model: type[BaseModel]) -> list[str]:
    """The arguments of a tool, its own before those that every change has."""
    return sorted(model.model_fields, key=lambda name: name in Change.model_fields)


def _said(kind: str, message: str, name: str, model: type[Arguments]) -> str:
    if kind == "extra_forbidden":
        names = argument_names(model)
        near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}? " if near else ""
        return f"there is no such argument; {meant}It takes: {', '.join(names) or 'none'}."
    if kind in _PLAIN_WORDS:
        return f"{_PLAIN_WORDS[kind]}."
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"{text}."


_PLAIN_WORDS = {
    "missing": "is required",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object of names and values",
    "string_pattern_mismatch": "must be 1 to 64 letters, digits, - or _",
    "too_short": "must not be empty",
}


def _number(value: str, info: ValidationInfo) -> str:
    context = cast("Mapping[str, str | None] | None", info.context) or {}
    try:
        return phone.normalise(value, context.get("region"))
    except phone.InvalidNumberError as error:
        raise ValueError(str(error)) from error


def _recipient(value: str, info: ValidationInfo) -> str:
    return value if is_contact_id(value) else _number(value, info)


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _text(value: object) -> object:
    # A model may write a number without quotes.
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _list(value: object) -> object:
    if not isinstance(value, str) or value.strip().startswith("["):
        return _bounded(_json(value))
    return _bounded([part.strip() for part in re.split(r"[,;\n]", value) if part.strip()])


def _addresses(value: object) -> object:
    if not isinstance(value, str) or value.strip().startswith("["):
        return _bounded(_json(value))
    return [value]


def _bounded(value: object) -> object:
    if isinstance(value, list):
        entries = cast("list[object]", value)
        if len(entries) > _MOST_ENTRIES:
            raise ValueError(f"has {len(entries)} entries, far more than are taken")
        return entries
    return value


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("should be JSON, but cannot be read as such") from error


def _texts(value: object) -> object:
    found = _json(value)
    if not isinstance(found, dict):
        return found
    pairs: dict[object, object] = found  # pyright: ignore[reportUnknownVariableType]  # outside data
    if len(pairs) > MOST_PAIRS:
        raise ValueError(f"has {len(pairs)} entries, and at most {MOST_PAIRS} are taken")
    return {name: _plain(part) for name, part in pairs.items()}


def _short_names(pairs: dict[str, str]) -> dict[str, str]:
    if any(len(name) > LONGEST_NAME for name in pairs):
        raise ValueError(f"has a name of more than {LONGEST_NAME} characters")
    return pairs


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


PhoneNumber = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_number),
    Field(description="Phone number with country code, in any spelling"),
]
ContactId = Annotated[
    str, Field(pattern=f"^{_ID}$", description="Letters, digits, - and _"), BeforeValidator(_text)
]
Channel = Annotated[Literal["sms", "whatsapp"], BeforeValidator(_lower)]
Lower = BeforeValidator(_lower)
Upper = BeforeValidator(_upper)
Digits = BeforeValidator(_text)
Recipient = Annotated[str, BeforeValidator(_text), AfterValidator(_recipient)]
Once = AfterValidator(_once)
ListOf = BeforeValidator(_list)
Addresses = BeforeValidator(_addresses)
Texts = Annotated[
    dict[str, Annotated[str, Field(max_length=LONGEST_VALUE)]],
    BeforeValidator(_texts),
    AfterValidator(_short_names),
]
Page = Annotated[int, Field(ge=1, le=1_000_000, description="From 1"), BeforeValidator(_no_flag)]
PageSize = Annotated[int, Field(ge=1, le=100, description="1 to 100"), BeforeValidator(_no_flag)]
DryRun = Annotated[bool, Field(description="Only validate")]
Token = Annotated[str, Field(max_length=500, description="From the answer that asks")]


class Change(Arguments):
    """What every tool that changes something takes too."""

    dry_run: DryRun = False
    confirmation_token: Token | None = None

    def exact(self) -> dict[str, JsonValue]:
        """What an approval is bound to: all that was given but the token."""
        given = self.model_dump(mode="json", exclude={"confirmation_token"}, exclude_defaults=True)
        return {name: value for name, value in given.items() if value is not None}


def is_contact_id(text: str) -> bool:
    """Whether a recipient is written as a contact id: numbers have no letter and no UUID's form."""
    return re.fullmatch(_ID, text) is not None and re.search(_NO_NUMBER, text) is not None

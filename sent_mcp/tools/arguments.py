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
    ValidationError,
    ValidationInfo,
    model_validator,
)

from sent_mcp import phone
from sent_mcp.errors import RefusedError, quoted

_ABSENT = (None, "", "null", "None", "undefined")
_NEVER_ABSENT = "dry_run"
_ID = r"[A-Za-z0-9_-]{1,64}"
_NO_NUMBER = r"[A-Za-z]|^\d{8}(-\d{4}){3}-\d{12}$"


class Arguments(BaseModel):
    """Base of every tool's input. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            where = problem["loc"]
            name = str(where[0]) if where else "arguments"
            place = "".join(f"[{part}]" for part in where[1:])
            said = _said(problem["type"], problem["msg"], name, model)
            problems.setdefault(quoted(name + place, 60)[1:-1], []).append(said)
        raise RefusedError(f"the arguments of {tool} are wrong", details=problems) from None


def argument_names(model: type[BaseModel]) -> list[str]:
    """The arguments of a tool, its own before those that every change has."""
    return sorted(model.model_fields, key=lambda name: name in Change.model_fields)


def _said(kind: str, message: str, name: str, model: type[Arguments]) -> str:
    if kind == "extra_forbidden":
        names = argument_names(model)
        near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}? " if near else ""
        return f"there is no such argument; {meant}It takes: {', '.join(names)}."
    if kind == "missing":
        return "is required."
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"{text}."


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
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _list(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.strip().startswith("["):
        return _json(value)
    return [part.strip() for part in re.split(r"[,;\n]", value) if part.strip()]


def _addresses(value: object) -> object:
    if not isinstance(value, str):
        return value
    return _json(value) if value.strip().startswith("[") else [value]


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
    return {name: _plain(part) for name, part in pairs.items()}


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
    str, BeforeValidator(_text), Field(pattern=f"^{_ID}$", description="Id of the contact")
]
Channel = Annotated[Literal["sms", "whatsapp"], BeforeValidator(_lower)]
Lower = BeforeValidator(_lower)
Upper = BeforeValidator(_upper)
Digits = BeforeValidator(_text)
Recipient = Annotated[str, BeforeValidator(_text), AfterValidator(_recipient)]
Once = AfterValidator(_once)
ListOf = BeforeValidator(_list)
Addresses = BeforeValidator(_addresses)
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
Page = Annotated[int, Field(ge=1, le=1_000_000, description="From 1")]
PageSize = Annotated[int, Field(ge=1, le=100, description="1 to 100")]
DryRun = Annotated[bool, Field(description="Only validate; changes nothing")]
Token = Annotated[str, Field(max_length=500, description="From the first call's answer")]


class Change(Arguments):
    """What every tool that changes something takes too."""

    dry_run: DryRun = False
    confirmation_token: Token | None = None


def is_contact_id(text: str) -> bool:
    """Whether a recipient is written as a contact id: numbers have no letter and no UUID's form."""
    return re.fullmatch(_ID, text) is not None and re.search(_NO_NUMBER, text) is not None

"""Lists of numbers: as an argument in any spelling, and what a result says of the invalid ones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator, Field

from sent_mcp import phone
from sent_mcp.masking import mask_digits
from sent_mcp.quoting import quoted
from sent_mcp.reach import InvalidNumber
from sent_mcp.tools.arguments import ListOf, Upper
from sent_mcp.tools.results import Entry

MOST_NUMBERS = 1000
MOST_INVALID_SHOWN = 20
WITHOUT_COUNTRY = (
    "Numbers without + need their country code, or region where all of them are of one country."
)
_LONGEST_INPUT = 24
# Between two numbers: a separator, or a blank before the plus of the next.
_BETWEEN = re.compile(r"[,;|\n\r\t，；、]+|(?<=\d)\s+(?=\+)")


class InvalidRow(Entry):
    """A text that is no number, and why not."""

    input: str
    reason: str


def _entries(value: object) -> object:
    """One text per number. Numbers without quotes are taken, and null as an empty one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)]
    if not isinstance(value, list):
        return value
    entries: list[object] = []
    for each in cast("list[object]", value):
        if each is None:
            entries.append("")
        elif isinstance(each, str):
            entries += _parts(each)
        else:
            plain = isinstance(each, int) and not isinstance(each, bool)
            entries.append(str(each) if plain else each)
    if len(entries) > MOST_NUMBERS:
        raise ValueError(
            f"has {len(entries)} numbers, and at most {MOST_NUMBERS} are taken: divide the list,"
            " or have the user run `sent-mcp check` on a file"
        )
    return entries


def _parts(text: str) -> list[str]:
    # The comma of a decimal does not stand between two numbers.
    parts = [text] if phone.is_decimal(text) else _BETWEEN.split(text)
    return [part.strip() for part in parts if part.strip()] or [""]


def _region(value: str) -> str:
    if not phone.is_region(value):
        raise ValueError(f"{quoted(value, 20)} is no region; Britain is GB, the United States US")
    return value


PhoneNumbers = Annotated[
    list[str],
    Field(min_length=1, max_length=MOST_NUMBERS, description="1 to 1000, in any spelling"),
    BeforeValidator(_entries),
    ListOf,
]
Region = Annotated[
    str, Upper, AfterValidator(_region), Field(description="Of numbers without +, like US")
]


def gist(reason: str) -> str:
    """A reason without its advice: "has no country code"."""
    return re.split("[:;,]", reason)[0]


def readable(invalid: Sequence[InvalidNumber], *, masked: bool) -> Sequence[InvalidNumber]:
    """What a model may read of them: where numbers are masked, no digits but the last two.

    What is not a number to us may be one to a reader.
    """
    if not masked:
        return invalid
    return [replace(each, input=mask_digits(each.input)) for each in invalid]


def invalid_rows(invalid: Sequence[InvalidNumber]) -> list[InvalidRow]:
    """The first 20, cut to what fits a result: the input's beginning and the reason's gist."""
    return [
        InvalidRow(
            input=quoted(each.input, _LONGEST_INPUT)[1:-1],
            reason=gist(each.reason),
        )
        for each in invalid[:MOST_INVALID_SHOWN]
    ]


def invalid_lines(rows: Sequence[InvalidRow], total: int) -> Iterable[str]:
    """One line per reason; what was left out is counted."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        by_reason.setdefault(row.reason, []).append(row.input)
    for reason, inputs in by_reason.items():
        shown = ", ".join(f'"{text}"' for text in inputs)
        yield f"Invalid, {reason} ({len(inputs)}): {shown}"
    if total > len(rows):
        yield f"Invalid, not shown here: {total - len(rows)}"

"""Answers of the API in which one thing is not what it should be, for every tool.

Each answer that a call leads to is altered in each of its places, by each kind of value; and whole
answers are cut, spoilt, packed, or come with another status. What a host then hears is an error
that names the field, or a result that fits its schema, and soon.
"""

import gc
import gzip
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import jsonschema
from mcp_types import Tool

from sent_mcp.models import Contact, Message, MessageEvent, NumberLookup, Pagination, Template
from sent_mcp.models.envelope import Meta, Outcome
from sent_mcp.models.wire import WireModel
from tests.door import KEY
from tests.proof.fuzz_api import Alter, Answer, Json, Place, Script, as_it_is, places, put, standing
from tests.proof.fuzz_tour import Arguments, Guest, Said, calls, known_ids, visiting
from tests.proof.report import Row, Scale
from tests.proof.untrusted_judge import hidden_in

_DEEP: Json = json.loads("[" * 120 + "]" * 120)
VALUES: Final[tuple[tuple[str, Json], ...]] = (
    ("null", None), ("true", True), ("false", False), ("zero", 0), ("minus one", -1),
    ("large", 2**31), ("larger", 2**70), ("largest", 10 ** int("4000")), ("fraction", 1.5),
    ("infinite", float("inf")),
    ("not a number", float("nan")), ("nothing", ""), ("text", "x"), ("number as text", "1"),
    ("half a pair", "\ud800"), ("a megabyte", "x" * 1_000_000), ("time", "0001-01-01T00:00:00Z"),
    ("late", "9999-12-31T23:59:59.9999999-23:59"), ("no time", "2026-13-45"), ("list", []),
    ("nested", [[]]), ("deep", _DEEP), ("many", list[Json]("x" * 5_000)), ("object", {}),
    ("an object in it", {"id": {"id": None}}), ("list of null", [None]),
)  # fmt: skip
_NO_JSON: Final = ("half a pair", "not a number", "deep")
_STATUSES: Final = (
    200, 201, 202, 206, 299, 302, 304, 400, 401, 403, 404, 409, 418, 422, 429, 500, 599,
)  # fmt: skip
_NEVER_SAID: Final = (
    "Traceback", "INTERNAL: a defect", "<class", "NoneType", "object at 0x", "pydantic", KEY,
    "dict", "JSONDecode", "ValidationError", "RecursionError",
)  # fmt: skip
_LONGEST_TEXT: Final = 60_000
_MOST_SECONDS: Final = 8.0


async def run(scale: Scale) -> Sequence[Row]:
    """One row for single places, one for whole answers."""
    random = Random(scale.seed)
    return [
        await _row("one place of an answer", random, scale.of(200, 30_000), _placed),
        await _row("whole answers", random, scale.of(60, 5_000), _spoilt),
    ]


@dataclass(frozen=True)
class _Case:
    """A call, what is done to its answers, and the name that an error must say."""

    name: str
    tool: str
    arguments: Arguments
    alter: Alter
    field: str = ""
    instead: str = "it carries no data"
    is_unreadable: bool = False


@dataclass(frozen=True)
class _Call:
    """A call, and what the API answers to it."""

    tool: str
    arguments: Arguments
    answers: tuple[Answer, ...]


async def _row(what: str, random: Random, count: int, cases_of: Any) -> Row:
    script, wrong, sizes = Script(), list[str](), list[int]()
    tried = failed = 0
    async with standing(script) as url, visiting(url) as guest:
        known = [each async for each in _recorded(guest, script)]
        schemas = {each.name: each for each in (await guest.client.list_tools()).tools}
        cases: list[_Case] = [case for call in known for case in cases_of(call)]
        for case in _drawn(random, cases, count):
            found = await _wrong_in(case, url, script, schemas)
            tried, failed = tried + 1, failed + bool(found)
            wrong += [f"{case.name}: {each}" for each in found]
            if tried % 50 == 0:
                await _forget_requests(url)
                gc.collect()
                sizes.append(_kilobytes())
    wrong = [*script.broken, *wrong]
    growth = _growth(sizes)
    return Row(
        part="answers", what=what, tried=tried, survived=tried - failed,
        leaked=int(growth > _MOST_GROWTH), wrong=tuple(wrong[:10]),
        figures=f"of {len(cases):,}; memory {growth:+.1%}",
    )  # fmt: skip


async def _forget_requests(url: str) -> None:
    """The emulator's log of them would grow in this process, which is not the server's doing."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        (await http.delete("/__emulator/requests")).raise_for_status()


_MOST_GROWTH = 0.10


def _growth(sizes: Sequence[int]) -> float:
    quarter = len(sizes) // 4
    if quarter < 3:
        return 0.0
    return sum(sizes[-quarter:]) / sum(sizes[quarter : 2 * quarter]) - 1


def _kilobytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (resident,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1])


def _drawn(random: Random, cases: list[_Case], count: int) -> list[_Case]:
    """All of them as often as there is room, and at last some."""
    whole, rest = divmod(count, len(cases))
    drawn = [*cases * whole, *random.sample(cases, rest)]
    random.shuffle(drawn)
    return drawn


async def _recorded(guest: Guest, script: Script) -> AsyncIterator[_Call]:
    ids = await known_ids(guest)
    for tool, arguments in calls(ids):
        answers: list[Answer] = []

        def keep(answer: Answer, answers: list[Answer] = answers) -> Answer:
            answers.append(answer)
            return answer

        script.alter = keep
        said = await guest.call(tool, arguments)
        assert said
        yield _Call(tool, arguments, tuple(answers))
    script.alter = as_it_is


def _placed(call: _Call) -> Iterator[_Case]:
    for answer in call.answers:
        for place, there in places(answer.value):
            for name, value in VALUES:
                names = [part for part in place if isinstance(part, str)]
                alter = _putting(answer.asked, place, value)
                said = f"{call.tool} {answer.asked} {'.'.join(map(str, place))} {name}"
                case = _Case(said, call.tool, call.arguments, alter, names[-1])
                if _must_be_readable(call, answer, place):
                    case = replace(case, is_unreadable=_is_other(there, value))
                yield replace(case, instead="it is not JSON") if name in _NO_JSON else case


def _must_be_readable(call: _Call, answer: Answer, place: Place) -> bool:
    """Whether the API must be held to the type that it documents there.

    Who looks for one number reads no pages, and one that a server has not sent to asks nothing.
    What became of a change is found out by reading.
    """
    pages = "pagination" not in place or call.tool.startswith("list")
    asked = answer.asked.startswith("GET") and answer.status == 200
    if "to" in call.arguments and call.tool == "get_message":
        return False
    resource = answer.asked.split("/")[2]
    read = {name for model in (*_READ.get(resource, ()), Outcome, Meta) for name in _of_one(model)}
    return pages and asked and place[-1] in read


_READ: Final[dict[str, tuple[type[WireModel], ...]]] = {
    "contacts": (Contact, Pagination),
    "messages": (Message, MessageEvent),
    "templates": (Template, Pagination),
    "numbers": (NumberLookup,),
}
"""The shapes of what is read of each resource."""


def _of_one(model: type[WireModel]) -> set[str]:
    return set(model.model_fields) - {"details", "metadata"}


def _is_other(there: Json, value: Json) -> bool:
    """Whether it is of a type that has no place there; null has one almost anywhere."""
    if there is None or value is None or (isinstance(there, float) and type(value) is int):
        return False
    return type(there) is not type(value)


def _putting(asked: str, place: Place, value: Json) -> Alter:
    def alter(answer: Answer) -> Answer:
        if answer.asked != asked or not answer.body:
            return answer
        said = answer.saying(put(answer.value, place, value))
        # Which is JSON, and more than any number that there is.
        return replace(said, body=said.body.replace(b"Infinity", b"1e999"))

    return alter


def _spoilt(call: _Call) -> Iterator[_Case]:
    for answer in call.answers:
        for name, changed in _whole(answer):

            def alter(came: Answer, asked: str = answer.asked, new: Answer = changed) -> Answer:
                return new.headed(x_should_retry=b"false") if came.asked == asked else came

            yield _Case(f"{call.tool} {answer.asked} {name}", call.tool, call.arguments, alter)


def _whole(answer: Answer) -> Iterator[tuple[str, Answer]]:
    body = answer.body
    for name, value in VALUES:
        yield f"is {name}", answer.saying(value)
    for status in _STATUSES:
        yield f"status {status}", Answer(answer.asked, status, body, answer.headers)
        yield f"empty {status}", Answer(answer.asked, status, b"", answer.headers)
    for at in range(0, len(body), max(1, len(body) // 5)):
        yield f"cut at {at}", Answer(answer.asked, answer.status, body[:at], answer.headers)
    spoilt = {
        "invalid UTF-8": body.replace(b"a", b"\xff", 1),
        "a mark": b"\xef\xbb\xbf" + body,
        "twice": body + body,
        "keys twice": body.replace(b"{", b'{"success":false,"success":true,', 1),
        "too deep": b'{"success":true,"data":' + b"[" * 100_000,
        "a page": b"<html><script>alert(1)</script>",
        "too large": b'{"success":true,"x":"' + b"x" * 11_000_000 + b'"}',
        "half a pair": body.replace(b'"', b'"\\ud800', 1),
    }
    for name, new in spoilt.items():
        yield name, Answer(answer.asked, answer.status, new, answer.headers)
    packed = gzip.compress(b" " * 50_000_000, 1)
    for name, new in {"a bomb": packed, "not packed": body, "half": packed[:1000]}.items():
        told = Answer(answer.asked, answer.status, new, answer.headers)
        yield f"gzip: {name}", told.headed(content_encoding=b"gzip")


async def _wrong_in(case: _Case, url: str, script: Script, schemas: dict[str, Tool]) -> list[str]:
    script.alter = as_it_is
    # A server of its own: one that was told that its key is wrong asks no more for a minute.
    async with visiting(url) as guest:
        script.alter = case.alter
        began = time.monotonic()
        said = await guest.call(case.tool, case.arguments)
        took = time.monotonic() - began
    found = [f"took {took:.0f} s"] if took > _MOST_SECONDS else []
    if case.is_unreadable and not any("UNREADABLE" in str(each.value) for each in said):
        found.append(f"is read all the same: {str(said[0].value)[:200]}")
    for each in said:
        found += _judged(each, case, schemas)
    return found


def _judged(said: Said, case: _Case, schemas: dict[str, Tool]) -> Iterator[str]:
    if said.where == "protocol":
        yield f"protocol error {str(said.value)[:200]}"
    elif said.where == "structured":
        try:
            json.dumps(said.value, allow_nan=False)
            jsonschema.validate(said.value, schemas[case.tool].output_schema or {})
        except (ValueError, jsonschema.ValidationError) as error:
            yield f"no such structure: {str(error)[:200]}"
    else:
        yield from hidden_in(said.value)
        yield from (
            f"says {each}: {said.value[:300]}" for each in _NEVER_SAID if each in said.value
        )
        if len(said.value) > _LONGEST_TEXT:
            yield f"{len(said.value)} characters"
        unread = said.where == "error" and "UNREADABLE" in said.value and case.field != ""
        if unread and not any(name in said.value for name in (case.field, case.instead)):
            yield f"does not name {case.field}: {said.value[:300]}"

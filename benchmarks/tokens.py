"""How many tokens a model reads: the tools, a page of contacts, a thousand numbers checked."""

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from pydantic import JsonValue

from benchmarks.answers import Called, Tools
from benchmarks.emulated import Emulated, emulated
from benchmarks.pipe import started
from benchmarks.questions import questions
from benchmarks.results import Row, Target, compared
from benchmarks.servers import COMMON, OURS, REFERENCE, Server
from benchmarks.sizes import Sizes

_ANSWER = Target(limit=0.30, stretch=0.20)
_NUMBERS = 1_000


def rows(_: Sizes) -> Iterator[Row]:
    """Every row of this benchmark; there is nothing to be quick about."""
    with emulated(_NUMBERS) as api:
        yield from _tools(api)
        yield from _contacts(api)
        yield from _checked(api)


def tokens(text: str) -> int:
    """The tokens of a text in o200k_base, whose vocabulary comes with the package."""
    return len(_encode()(text))


def compact(value: JsonValue) -> str:
    """JSON without spaces, the way it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def whole(tools: Sequence[dict[str, JsonValue]]) -> int:
    """The tokens of a `tools/list` as it is answered."""
    return tokens(compact({"tools": [*tools]}))


def prompt(tools: Sequence[dict[str, JsonValue]]) -> int:
    """The tokens of what most hosts show a model of it: names, descriptions, input schemas."""
    shown = ("name", "description", "inputSchema")
    return tokens(compact([{name: tool[name] for name in shown} for tool in tools]))


@cache
def _encode() -> Callable[[str], Sequence[int]]:
    with warnings.catch_warnings():
        # The package opens its vocabulary in a way that Python 3.11 and 3.12 call deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        from bpe_openai import (  # pyright: ignore[reportMissingTypeStubs]  typed, but no py.typed
            get_encoding,
        )

        return get_encoding("o200k_base").encode


def _tools(api: Emulated) -> Iterator[Row]:
    ours, reference = (_listed(server, api) for server in (OURS, REFERENCE))
    common, other = ours.named(*COMMON), reference.named(*COMMON)
    every = f"all {len(ours.tools)} tools"
    yield _beside(f"`tools/list`, the {len(COMMON)} tools of both", whole(common), whole(other))
    yield _alone(f"`tools/list`, {every}", whole(ours.tools), 2_700)
    what = "names, descriptions, input schemas"
    yield _beside(f"{what}, the {len(COMMON)} tools of both", prompt(common), prompt(other))
    yield _alone(f"{what}, {every}", prompt(ours.tools), 1_700)


def _listed(server: Server, api: Emulated) -> Tools:
    with started(server, api.environment()) as conversation:
        conversation.open()
        return Tools.model_validate(conversation.list_tools().result)


def _contacts(api: Emulated) -> Iterator[Row]:
    _, page = questions(api)
    ours, reference = (
        page.read(_called(server, api, page.tool, page.arguments)) for server in (OURS, REFERENCE)
    )
    texts = tokens(ours.text), tokens(reference.text)
    structures = _structured(ours), _structured(reference)
    yield _beside("100 contacts, text", *texts, _ANSWER)
    yield _beside("100 contacts, structured", *structures, _ANSWER)
    both = texts[0] + structures[0], texts[1] + structures[1]
    yield _beside("100 contacts, text and structured together", *both, _ANSWER)


def _checked(api: Emulated) -> Iterator[Row]:
    numbers: list[JsonValue] = [*api.sample(_NUMBERS)]
    result = _called(OURS, api, "check_phone_numbers", {"phone_numbers": numbers})
    checked = Called.model_validate(result)
    told: dict[str, JsonValue] = {"complete": True, "not_checked": []}
    if not checked.structured or not told.items() <= checked.structured.items():
        raise RuntimeError(f"not every number was checked: {checked.text[:500]}")
    yield _alone(f"{_NUMBERS:,} numbers checked, text", tokens(checked.text), 6_300)
    yield _alone(f"{_NUMBERS:,} numbers checked, structured", _structured(checked), 6_300)


def _called(
    server: Server, api: Emulated, tool: str, arguments: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    with started(server, api.environment()) as conversation:
        conversation.open()
        return conversation.call(tool, arguments).result


def _structured(called: Called) -> int:
    return tokens(compact(called.structured))


def _beside(measure: str, ours: int, reference: int, target: Target | None = None) -> Row:
    return compared("tokens", measure, "tokens", [ours], [reference], target=target)


def _alone(measure: str, ours: int, most: int) -> Row:
    target = Target(of="ours", limit=most)
    return compared("tokens", measure, "tokens", [ours], target=target)

"""From the start of a server to its first answers, and from the end of stdin to its exit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.answers import Tools
from benchmarks.emulated import emulated
from benchmarks.pairs import in_turns
from benchmarks.pipe import HANDSHAKE, VERSIONS, started
from benchmarks.questions import Question, questions
from benchmarks.results import Row, Target, compared
from benchmarks.servers import COMMON, FLOOR, OURS, REFERENCE, Server
from benchmarks.sizes import Sizes

_LISTED = Target(limit=0.10, stretch=0.05)
_CALLED = Target(limit=0.85, stretch=0.50)
_GONE = Target(of="ours", limit=20)


@dataclass(frozen=True)
class Life:
    """One process, in milliseconds: to its tools, to its first result, from stdin's end to its own.

    The floor has no result.
    """

    listed: float
    called: float
    gone: float


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every row of this benchmark."""
    with emulated(500) as api:
        question, _ = questions(api)
        for version in VERSIONS:
            yield from _rows(sizes, api.environment(), question, version)


def _rows(
    sizes: Sizes, settings: Mapping[str, str], question: Question, version: str
) -> Iterator[Row]:
    sides: list[Callable[[], Life]] = [
        partial(_life, server, settings, question, version) for server in (OURS, REFERENCE)
    ]
    sides.append(partial(_floor, settings, version))
    ours, reference, floor = in_turns(sides, runs=sizes.starts, warm_ups=sizes.warm_ups)
    yield compared(
        "cold",
        f"start to `tools/list`, {version}",
        "ms",
        [life.listed for life in ours],
        [life.listed for life in reference],
        floor=[life.listed for life in floor],
        target=_LISTED,
    )
    yield compared(
        "cold",
        f"start to the first tool result, {version}",
        "ms",
        [life.called for life in ours],
        [life.called for life in reference],
        target=_CALLED,
    )
    if version == HANDSHAKE:
        yield compared(
            "cold",
            "stdin closed to exit, idle",
            "ms",
            [life.gone for life in ours],
            [life.gone for life in reference],
            floor=[life.gone for life in floor],
            target=_GONE,
        )


def _life(server: Server, settings: Mapping[str, str], question: Question, version: str) -> Life:
    with started(server, settings, version) as conversation:
        conversation.open()
        listed = conversation.list_tools()
        called = conversation.call(question.tool, question.arguments)
        Tools.model_validate(listed.result).named(*COMMON)
        question.read(called.result)
        gone = conversation.close()
    began = conversation.began
    return Life((listed.at - began) * 1000, (called.at - began) * 1000, gone * 1000)


def _floor(settings: Mapping[str, str], version: str) -> Life:
    with started(FLOOR, settings, version) as conversation:
        conversation.open()
        listed = conversation.list_tools()
        gone = conversation.close()
    return Life((listed.at - conversation.began) * 1000, 0.0, gone * 1000)

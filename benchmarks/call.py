"""One call after the other over stdio, while the other server waits."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.bare_http import BareHttp
from benchmarks.emulated import emulated
from benchmarks.pairs import in_turns
from benchmarks.pipe import Conversation, started
from benchmarks.questions import Question, questions
from benchmarks.results import Row, Target, compared
from benchmarks.servers import OURS, REFERENCE
from benchmarks.sizes import Sizes

_TARGET = Target(limit=0.60, stretch=0.40)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every row of this benchmark; the floor is the API's own answer."""
    with emulated(500) as api:
        settings = api.environment()
        with (
            started(OURS, settings) as ours,
            started(REFERENCE, settings) as reference,
            BareHttp(settings) as bare,
        ):
            ours.open()
            reference.open()
            for question in questions(api):
                yield from _rows(sizes, question, ours, reference, bare)


def _rows(
    sizes: Sizes, question: Question, ours: Conversation, reference: Conversation, bare: BareHttp
) -> Iterator[Row]:
    sides: list[Callable[[], list[float]]] = [
        partial(_batch, server, question, sizes.batch) for server in (ours, reference)
    ]
    sides.append(lambda: [bare.get(question.path)[0] * 1000 for _ in range(sizes.batch)])
    times = in_turns(sides, runs=sizes.batches, warm_ups=sizes.warm_ups)
    medians = [[statistics.median(batch) for batch in side] for side in times]
    name = "list_contacts(100)" if question.tool == "list_contacts" else question.tool
    yield compared(
        "call", f"`{name}`, p50", "ms", medians[0], medians[1], floor=medians[2], target=_TARGET
    )
    mine, other, floor = (_p99(side) for side in times)
    slowest = compared("call", f"`{name}`, p99", "ms", [mine], [other], floor=[floor])
    yield slowest.model_copy(update={"headline": False})


def _batch(server: Conversation, question: Question, count: int) -> list[float]:
    answers = [server.call(question.tool, question.arguments) for _ in range(count)]
    for answer in answers:
        question.read(answer.result)
    return [answer.seconds * 1000 for answer in answers]


def _p99(batches: Sequence[Sequence[float]]) -> float:
    # One batch has too few calls for a p99 of its own.
    every = [time for batch in batches for time in batch]
    return statistics.quantiles(every, n=100, method="inclusive")[98]

"""Calls per second while sixteen are unanswered at any time."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.bare_http import per_second
from benchmarks.emulated import emulated
from benchmarks.pairs import in_turns
from benchmarks.pipe import Conversation, started
from benchmarks.questions import Question, questions
from benchmarks.results import Row, Target, compared
from benchmarks.servers import OURS, REFERENCE
from benchmarks.sizes import Sizes

OUTSTANDING = 16
_TARGET = Target(limit=2.0, stretch=4.0, higher=True)


def rows(sizes: Sizes) -> Iterator[Row]:
    """The row of this benchmark; its floor is the most the API itself answers."""
    count = sizes.outstanding_batch
    with emulated(500) as api:
        settings, (question, _) = api.environment(), questions(api)
        with (
            started(OURS, settings) as ours,
            started(REFERENCE, settings) as reference,
        ):
            sides: list[Callable[[], float]] = []
            for server in (ours, reference):
                server.open()
                sides.append(partial(_per_second, server, question, count))
            sides.append(
                lambda: per_second(settings, question.path, count=count, connections=OUTSTANDING)
            )
            mine, other, floor = in_turns(sides, runs=sizes.batches, warm_ups=sizes.warm_ups)
    yield compared(
        "throughput",
        f"`{question.tool}`, {OUTSTANDING} outstanding",
        "calls/s",
        mine,
        other,
        floor=floor,
        target=_TARGET,
    )


def _per_second(server: Conversation, question: Question, count: int) -> float:
    seconds, results = server.call_many(
        question.tool, question.arguments, count=count, outstanding=OUTSTANDING
    )
    for result in results:
        question.read(result)
    return count / seconds

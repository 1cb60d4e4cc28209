"""What a question says about earlier sends of the same content."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sent_mcp.guard import Question
from sent_mcp.guard.journal import History
from sent_mcp.moments import moment
from sent_mcp.quoting import named
from sent_mcp.state import Earlier

_SHOWN = 5


def with_history(question: Question, history: History) -> Question:
    """The question with who got the same within 24 hours; an answer is bound to that, too."""
    key = None if history.repeats is None else history.repeats.idempotency_key
    return replace(
        question,
        lines=(*question.lines, *_lines(history)),
        bound={**question.bound, "history": history.bound},
        idempotency_key=key,
    )


def _lines(history: History) -> Iterable[str]:
    known = sorted(history.earlier.items())
    yield from _group("Got the same in the last 24 hours", [p for p in known if not p[1].open])
    yield from _group("May have got it already, not known", [p for p in known if p[1].open])
    if history.repeats is not None:
        yield (
            f"This very send was tried at {_time(history.repeats.at)} and its outcome is not known."
            " It goes out under the same idempotency key, so that Sent sends it once."
        )
    elif any(each.open for _, each in known):
        yield "This is another send, so those may get it twice."


def _group(title: str, known: Sequence[tuple[str, Earlier]]) -> Iterable[str]:
    if known:
        shown = [_one(number, each) for number, each in known[:_SHOWN]]
        more = len(known) - _SHOWN
        yield f"{title}: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"


def _one(number: str, message: Earlier) -> str:
    known = f" ({named(message.message_id)})" if message.message_id else ""
    return f"{number} at {_time(message.at)}{known}"


def _time(at: float) -> str:
    return moment(datetime.fromtimestamp(at, UTC)) or "an unknown time"

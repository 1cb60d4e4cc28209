"""What is asked before contacts are imported."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

from sent_mcp import phone
from sent_mcp.guard import Question
from sent_mcp.quoting import quoted
from sent_mcp.reach import InvalidNumber
from sent_mcp.tools.number_arguments import gist

NOTHING_CREATED = "Nothing was created."
_MOST_COUNTRIES, _MOST_NUMBERS, _MOST_INVALID = 8, 10, 3
_FEW = "With those created or opted out within the last ten minutes these are more than ten."
_UNDOING = "Sent has no bulk deletion: to undo this, each would have to be deleted on its own."


def import_question(
    listed: Sequence[str], new: Sequence[str], lines: Sequence[str], *, exact: bool
) -> Question | None:
    """About the `new` numbers of a list; not `exact` where some may be contacts already.

    `lines` say what else is in the list. None when nothing is new.
    """
    if not new:
        return None
    up_to = "" if exact else "up to "
    question = Question(
        action=f"import {contacts(len(listed))}: {_some(listed, 1)}",
        lines=(
            f"Create {up_to}{contacts(len(new))}?",
            f"Countries: {_countries(new)}.",
            f"Numbers: {_some(new, _MOST_NUMBERS)}.",
            *lines,
            _UNDOING,
        ),
        undone=NOTHING_CREATED,
        metered=len(new),
    )
    if question.is_always_asked:
        return question
    first, *rest = question.lines
    return Question(question.action, (first, _FEW, *rest), question.undone, metered=len(new))


def other_lines(existing: int, duplicates: int, invalid: Sequence[InvalidNumber]) -> Iterator[str]:
    """What else is in a list, besides what is new."""
    if existing:
        yield f"Contacts already, which stay as they are: {existing}."
    if duplicates:
        yield f"Repeated in the list: {duplicates}."
    if invalid:
        shown = [
            f"{quoted(each.input, 40)} {gist(each.reason)}" for each in invalid[:_MOST_INVALID]
        ]
        yield f"No phone numbers: {len(invalid)} ({_listed(shown, len(invalid))})."


def time_line(new: int, per_minute: int) -> Iterator[str]:
    """How long it takes, where that is more than one call."""
    if new > per_minute:
        yield (
            f"It takes about {ceil(new / per_minute)} minutes, a part in each call, for"
            " 30 minutes at most and without another question."
        )


def contacts(count: int) -> str:
    """1 contact, 2 contacts."""
    return f"{count} contact{'' if count == 1 else 's'}"


def _countries(numbers: Sequence[str]) -> str:
    found = Counter(phone.region_of(number) or "unknown" for number in numbers).most_common()
    shown = [f"{region} {count}" for region, count in found[:_MOST_COUNTRIES]]
    return _listed(shown, len(found))


def _some(numbers: Sequence[str], most: int) -> str:
    return _listed(numbers[:most], len(numbers))


def _listed(shown: Sequence[str], all_of_them: int) -> str:
    more = all_of_them - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")

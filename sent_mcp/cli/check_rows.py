"""Which number each row of a file means, and what is known of every number."""

from array import array
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from anyio.lowlevel import checkpoint

from sent_mcp import phone
from sent_mcp.cli.check_input import Sheet
from sent_mcp.moments import moment
from sent_mcp.quoting import quoted
from sent_mcp.reach import Sighting

ADDED = ("phone_number", "whatsapp", "sms", "opt_out", "contact_id", "record_date", "note")
_EVERY = 200
_LONGEST_ID = 120


@dataclass(frozen=True)
class Numbered:
    """The numbers of a sheet, each once, and for every row its number or why it has none."""

    numbers: tuple[str, ...]
    reasons: tuple[str, ...]
    # The index of a number, or -1 - that of a reason: small for a hundred thousand.
    indexes: "array[int]"
    without_country: int = 0
    """How many rows have a number that only lacks its country; with a region none does."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.indexes)

    @property
    def invalid(self) -> int:
        """How many rows have no number."""
        return sum(index < 0 for index in self.indexes)

    @property
    def duplicates(self) -> int:
        """How many rows have a number that an earlier one has."""
        return len(self) - self.invalid - len(self.numbers)

    def rows(self) -> Iterator[tuple[str | None, str]]:
        """For each row its number, or None and the reason why it has none."""
        for index in self.indexes:
            yield (self.numbers[index], "") if index >= 0 else (None, self.reasons[-1 - index])


async def number_rows(
    sheet: Sheet, region: str | None, on_progress: Callable[[int], Awaitable[None]]
) -> Numbered:
    """Read the number of every row, letting others run (and cancel) now and then."""
    numbers: dict[str, int] = {}
    reasons: dict[str, int] = {}
    indexes = array("i")
    without_country = 0
    for row in sheet.rows():
        if len(indexes) % _EVERY == 0:
            await on_progress(len(indexes))
            await checkpoint()
        try:
            number = phone.normalise(row[sheet.column], region)
            indexes.append(numbers.setdefault(number, len(numbers)))
        except phone.InvalidNumberError as error:
            indexes.append(-1 - reasons.setdefault(str(error), len(reasons)))
            without_country += isinstance(error, phone.NoCountryError)
    await on_progress(len(indexes))
    return Numbered(tuple(numbers), tuple(reasons), indexes, without_country)


class Answers(dict[str, Sighting | None]):
    """What is known: a contact as it was read, or None for a number that is no contact."""


def added_cells(number: str | None, reason: str, answers: Answers, unanswered: str) -> list[str]:
    """The cells of the columns `ADDED`; `unanswered` is the note where nothing is known."""
    if number is None:
        # The command has an option for what is a setting elsewhere.
        reason = reason.replace("set SENT_DEFAULT_REGION", "give --region")
        return ["", "unknown", "unknown", "", "", "", f"not a number: {reason}"]
    if number not in answers:
        return [number, "unknown", "unknown", "", "", "", unanswered]
    seen = answers[number]
    if seen is None:
        return [number, "unknown", "unknown", "", "", "", "not a contact"]
    return [
        number,
        seen.verdicts.whatsapp,
        seen.verdicts.sms,
        "yes" if seen.opt_out else "no",
        quoted(seen.contact_id, _LONGEST_ID)[1:-1],
        moment(seen.record_date) or "",
        "added less than a minute ago: ask again in a minute" if seen.looking else "",
    ]

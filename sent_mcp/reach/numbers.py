"""From what somebody wrote to a list of numbers, each once."""

from collections.abc import Iterable
from dataclasses import dataclass

from sent_mcp import phone


@dataclass(frozen=True)
class InvalidNumber:
    """A text that is no number, and why not: "has no digits".

    `lacks_country`: it may be one where a region is given.
    """

    input: str
    reason: str
    lacks_country: bool = False


@dataclass(frozen=True)
class NumberList:
    """E.164 numbers in the order in which they came first.

    `entries` is how many texts there were: the numbers, their duplicates, and what is invalid.
    """

    numbers: tuple[str, ...]
    invalid: tuple[InvalidNumber, ...]
    duplicates: int

    @property
    def needs_region(self) -> bool:
        """Whether some are invalid only because nobody said of which country they are."""
        return any(each.lacks_country for each in self.invalid)

    @property
    def entries(self) -> int:
        """All of them."""
        return len(self.numbers) + len(self.invalid) + self.duplicates


def read_numbers(texts: Iterable[str], region: str | None) -> NumberList:
    """The numbers in `texts`, one each; `region` is where those without a country code belong.

    Two spellings of one number are duplicates. Raises nothing: what cannot be read is `invalid`.
    """
    numbers: dict[str, None] = {}
    invalid: list[InvalidNumber] = []
    duplicates = 0
    for text in texts:
        try:
            number = phone.normalise(text, region)
        except phone.InvalidNumberError as error:
            lacks_country = isinstance(error, phone.NoCountryError)
            invalid.append(InvalidNumber(text, str(error), lacks_country))
            continue
        duplicates += number in numbers
        numbers[number] = None
    return NumberList(tuple(numbers), tuple(invalid), duplicates)

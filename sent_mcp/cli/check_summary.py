"""What `sent-mcp check` tells a person about a run, on stderr."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sent_mcp.cli.check_rows import Answers, Numbered
from sent_mcp.moments import moment
from sent_mcp.reach import Sighting


def summary(
    numbered: Numbered, answers: Answers, requests: int, as_of: datetime | None
) -> Iterator[str]:
    """The counts, and what they cost, line by line. Each number is counted once."""
    counts = Counter(_kind(answers[each]) for each in numbered.numbers if each in answers)
    absent = sum(answers.get(each, ...) is None for each in numbered.numbers)
    yield (
        f"input: {len(numbered):,}, duplicates: {numbered.duplicates:,},"
        f" invalid: {numbered.invalid:,}"
    )
    yield (
        f"whatsapp: {counts['whatsapp']:,}, sms_only: {counts['sms_only']:,},"
        f" other: {counts['other']:,}, unknown: {counts['unknown']:,}"
        f" (not contacts: {absent:,}),"
        f" not checked: {len(numbered.numbers) - counts.total():,}"
    )
    yield f"requests: {requests:,}" + (f", as of: {moment(as_of)}" if as_of else "")
    if numbered.without_country:
        yield _homeless(numbered.without_country)


def _homeless(count: int) -> str:
    if count == 1:
        return "1 number has no country code: give --region XX to say where it belongs"
    return (
        f"{count:,} numbers have no country code: give --region XX if they are all of one country"
    )


def _kind(seen: Sighting | None) -> str:
    if seen is None or seen.verdicts.whatsapp == "unknown":
        return "unknown"
    if seen.verdicts.whatsapp == "yes":
        return "whatsapp"
    return "sms_only" if seen.verdicts.sms == "yes" else "other"

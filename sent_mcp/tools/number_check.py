"""Phone numbers: which of many can be reached on WhatsApp, which on SMS."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import anyio
from pydantic import Field, JsonValue

from sent_mcp.client import SentClient
from sent_mcp.moments import moment
from sent_mcp.reach import Checked, NumberList, Sighting, Verdict, check_numbers, read_numbers
from sent_mcp.reach.verdict import NOTHING_KNOWN
from sent_mcp.tools.arguments import Arguments
from sent_mcp.tools.number_arguments import (
    WITHOUT_COUNTRY,
    InvalidRow,
    PhoneNumbers,
    Region,
    invalid_lines,
    invalid_rows,
    readable,
)
from sent_mcp.tools.registry import Offer, ReadTool, SentCall
from sent_mcp.tools.results import LONGEST_NEXT, Entry, Result, next_call, word

MOST_RESULTS = 50
_TO_ANSWER_SECONDS = 2.0
_HEADINGS = {
    "whatsapp": "On WhatsApp",
    "sms_only": "SMS only",
    "other": "Neither WhatsApp nor SMS",
    "unknown": "Unknown",
}
_ORDER = ("On WhatsApp", "SMS only", "Neither WhatsApp nor SMS", "Unknown", "Not checked")


class CheckPhoneNumbers(Arguments):
    """Which numbers to check."""

    phone_numbers: PhoneNumbers
    region: Region | None = None


class NumberVerdict(Entry):
    """The verdict on one number; the contact's id where there is one."""

    phone_number: str
    whatsapp: Verdict
    sms: Verdict
    contact_id: str | None = None


class NumbersChecked(Result):
    """Every number once, by verdict; `counts` add up to the input.

    `opted_out` are in their group, too. A number that is not a contact is unknown. `results` are
    there for at most 50 numbers; `invalid` names the first 20.
    """

    counts: dict[str, int]
    whatsapp: list[str]
    sms_only: list[str]
    other: list[str]
    unknown: list[str]
    opted_out: list[str]
    results: list[NumberVerdict] | None = None
    invalid: list[InvalidRow]
    complete: bool
    not_checked: list[str]
    requests_used: int
    as_of: str
    headed: dict[str, list[str]] = Field(default_factory=dict[str, list[str]], exclude=True)

    def details(self) -> Iterable[str]:
        """See Result; numbers under what is known of them, each once."""
        for heading, numbers in self.headed.items():
            yield f"{heading} ({len(numbers)}): {' '.join(numbers)}"
        yield from invalid_lines(self.invalid, self.counts["invalid"])
        requests = "1 request" if self.requests_used == 1 else f"{self.requests_used} requests"
        yield f"As of {self.as_of}; {requests}."


async def check_phone_numbers(call: SentCall, arguments: CheckPhoneNumbers) -> NumbersChecked:
    """The verdict on each number, in as few requests as it takes, or as the time allows."""
    listed = read_numbers(arguments.phone_numbers, arguments.region or call.limits.region)
    left = anyio.current_effective_deadline() - anyio.current_time()
    seconds = left - min(_TO_ANSWER_SECONDS, left / 4)

    async def on_progress(decided: int) -> None:
        count = len(listed.numbers)
        await call.progress(decided, count, f"{decided} of {count} numbers decided")

    checked = await check_numbers(
        call.client.bulk(), listed.numbers, seconds=seconds, on_progress=on_progress
    )
    invalid = tuple(readable(listed.invalid, masked=call.limits.mask_phones))
    result = numbers_checked(replace(listed, invalid=invalid), checked, call.now())
    # A model that gets masked numbers cannot call with them.
    return result.model_copy(update={"next": None}) if call.limits.mask_phones else result


def numbers_checked(listed: NumberList, checked: Checked, read_at: float) -> NumbersChecked:
    """The result in groups; `read_at` is our clock, for when no answer told its time."""
    groups: dict[str, list[str]] = {name: [] for name in (*_HEADINGS, "opted_out")}
    headed: dict[str, list[str]] = {}
    left = set(checked.open)
    for number in listed.numbers:
        if number in left:
            continue
        sighting = checked.found.get(number)
        group = _group(sighting)
        groups[group].append(number)
        headed.setdefault(_heading(group, sighting), []).append(number)
        if sighting is not None and sighting.opt_out:
            groups["opted_out"].append(number)
    if checked.open:
        headed["Not checked"] = list(checked.open)
    counts = _counts(listed, checked, groups)
    return NumbersChecked(
        message=" ".join(_sentences(counts, listed, checked)),
        next=_next(listed, checked),
        counts=counts,
        **groups,
        results=_results(listed, checked, left),
        invalid=invalid_rows(listed.invalid),
        complete=not checked.open,
        not_checked=list(checked.open),
        requests_used=checked.requests,
        as_of=moment(checked.as_of or datetime.fromtimestamp(read_at, UTC)) or "",
        headed=dict(sorted(headed.items(), key=lambda each: _ORDER.index(each[0].split(",")[0]))),
    )


def _group(sighting: Sighting | None) -> str:
    said = NOTHING_KNOWN if sighting is None else sighting.verdicts
    if said.whatsapp != "no":
        return "whatsapp" if said.whatsapp == "yes" else "unknown"
    return "sms_only" if said.sms == "yes" else "other"


def _heading(group: str, sighting: Sighting | None) -> str:
    if sighting is None:
        return "Unknown, not contacts"
    on_sms = {
        ("whatsapp", "no"): "not on SMS",
        ("whatsapp", "unknown"): "SMS unknown",
        ("unknown", "yes"): "on SMS",
        ("unknown", "unknown"): "no channel is known",
    }
    parts = (
        _HEADINGS[group],
        on_sms.get((group, sighting.verdicts.sms)),
        "added a moment ago" if sighting.looking else None,
        "opted out" if sighting.opt_out else None,
    )
    return ", ".join(part for part in parts if part)


def _counts(
    listed: NumberList, checked: Checked, groups: Mapping[str, list[str]]
) -> dict[str, int]:
    counts = {"input": listed.entries, "duplicates": listed.duplicates}
    counts |= {name: len(groups[name]) for name in _HEADINGS}
    counts |= {"not_contacts": len(checked.absent), "invalid": len(listed.invalid)}
    return counts | ({"not_checked": len(checked.open)} if checked.open else {})


def _sentences(counts: Mapping[str, int], listed: NumberList, checked: Checked) -> Iterator[str]:
    words = {
        "whatsapp": "on WhatsApp",
        "sms_only": "SMS only",
        "other": "neither",
        "unknown": "unknown",
        "invalid": "invalid",
        "duplicates": "repeated",
        "not_checked": "not checked",
    }
    parts = [f"{counts[name]} {said}" for name, said in words.items() if counts.get(name)]
    numbers = "1 number" if counts["input"] == 1 else f"{counts['input']} numbers"
    yield f"{numbers}: {', '.join(parts)}."
    if counts["not_contacts"]:
        yield "Of a number that is not a contact nothing is known; that is not a no."
    if any(each.looking for each in checked.found.values()):
        yield "What was added less than a minute ago is still looked up: ask again in a minute."
    if listed.needs_region:
        yield WITHOUT_COUNTRY
    if checked.open:
        yield f"Not complete: {_why(checked)}."


def _why(checked: Checked) -> str:
    if checked.timed_out:
        return "the time for one call was up"
    if checked.trouble is not None:
        return f"{checked.trouble.code}, {checked.trouble.sentence.rstrip('.')}"
    return "contacts came or went while the address book was read"


def _next(listed: NumberList, checked: Checked) -> str | None:
    young = {number for number, each in checked.found.items() if each.looking}
    again = list(checked.open) or [number for number in listed.numbers if number in young]
    if not again:
        return None
    call = next_call("check_phone_numbers", phone_numbers=list[JsonValue](again))
    what = "not_checked" if checked.open else "those that were added a moment ago"
    return call if len(call) <= LONGEST_NEXT else f"check_phone_numbers with {what}"


def _results(
    listed: NumberList, checked: Checked, left: Container[str]
) -> list[NumberVerdict] | None:
    if len(listed.numbers) > MOST_RESULTS:
        return None
    seen = ((number, checked.found.get(number)) for number in listed.numbers if number not in left)
    return [
        NumberVerdict(
            phone_number=number,
            whatsapp=(NOTHING_KNOWN if each is None else each.verdicts).whatsapp,
            sms=(NOTHING_KNOWN if each is None else each.verdicts).sms,
            contact_id=None if each is None else word(each.contact_id),
        )
        for number, each in seen
    ]


CHECK_PHONE_NUMBERS = ReadTool[SentClient, CheckPhoneNumbers](
    Offer(
        "check_phone_numbers",
        "Check phone numbers",
        "Which of up to 1000 numbers are on WhatsApp, which only on SMS? Numbers that are not"
        " contacts are unknown.",
        "contacts",
        CheckPhoneNumbers,
        NumbersChecked,
    ),
    check_phone_numbers,
)

"""What the clocks show where the recipients are when a scheduled message goes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sent_mcp.phone import time_zones_of

_MOST_ZONES = 3
"""More zones than this are counted, not named."""


@dataclass(frozen=True)
class LocalTime:
    """Recipients with the same time, or the same range of times: a number may have many zones."""

    earliest: datetime
    latest: datetime
    numbers: tuple[str, ...]
    zones: tuple[str, ...]

    def time(self) -> str:
        """To the minute, and with the date, which may be another one there."""
        first, last = f"{self.earliest:%Y-%m-%d %H:%M}", f"{self.latest:%Y-%m-%d %H:%M}"
        if first == last:
            return first
        if self.earliest.date() == self.latest.date():
            return f"{first[:10]} between {first[11:]} and {last[11:]}"
        return f"between {first} and {last}"

    def place(self) -> str:
        """The zones, or how many they are."""
        few = len(self.zones) <= _MOST_ZONES
        return ", ".join(self.zones) if few else f"{len(self.zones)} time zones"


def local_times(when: datetime, numbers: Iterable[str]) -> list[LocalTime]:
    """Most recipients first. Numbers that tell no zone are left out."""
    found: dict[tuple[datetime, datetime], LocalTime] = {}
    for zones, there in _by_zones(numbers).items():
        clocks = [_clock(when, zone) for zone in zones]
        span = min(clocks), max(clocks)
        same = found.get(span, LocalTime(*span, (), ()))
        everyone, places = (*same.numbers, *there), dict.fromkeys((*same.zones, *zones))
        found[span] = LocalTime(*span, everyone, tuple(places))
    return sorted(found.values(), key=lambda each: (-len(each.numbers), each.earliest))


def together(times: Sequence[LocalTime]) -> LocalTime:
    """Several as one: from the earliest to the latest of them."""
    return LocalTime(
        min(each.earliest for each in times),
        max(each.latest for each in times),
        tuple(number for each in times for number in each.numbers),
        tuple(dict.fromkeys(zone for each in times for zone in each.zones)),
    )


def _by_zones(numbers: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for number in numbers:
        zones = time_zones_of(number)
        if zones:
            found.setdefault(zones, []).append(number)
    return found


def _clock(when: datetime, zone: str) -> datetime:
    # Without its zone: it is compared as a person there reads it, not as a point in time.
    return when.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

"""The emulator's time: real time plus whatever was advanced through the control endpoint."""

from datetime import UTC, datetime, timedelta

# datetime stops at the year 9999; ten years of advances are more than any test needs.
MOST_SECONDS_AHEAD = 10 * 365 * 24 * 3600.0


class Clock:
    def __init__(self) -> None:
        self._advanced = timedelta()

    def now(self) -> datetime:
        """The emulated time, in UTC."""
        return datetime.now(UTC) + self._advanced

    def advance(self, seconds: float) -> bool:
        """Moves the clock forward; False, and unmoved, when it would be too far ahead."""
        ahead = self._advanced.total_seconds() + seconds
        if ahead > MOST_SECONDS_AHEAD:
            return False
        self._advanced = timedelta(seconds=ahead)
        return True


def wire(moment: datetime) -> str:
    """`moment` in the API's .NET style: seven fractional digits and `+00:00` (API §1.1).

    The width is fixed, so these strings sort in time order, which the database relies on.
    """
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}0+00:00"


def moment(text: str) -> datetime:
    """The time that `wire` wrote."""
    return datetime.fromisoformat(text)

"""Times as people and models read them."""

from datetime import UTC, datetime


def moment(when: datetime | None) -> str | None:
    """A time in UTC to the second, like 2026-11-20T10:00:00Z."""
    # The first and last year cannot be moved to another zone, and nobody means them.
    if when is None or not 1 < when.year < 9999:
        return None
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

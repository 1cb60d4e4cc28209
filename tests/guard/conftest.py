"""What the tests of the guard may ask for besides."""

from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def soon() -> str:
    """An hour from now."""
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()

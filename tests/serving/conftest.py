"""What every server in these tests starts from."""

import signal
from collections.abc import Generator

import pytest


@pytest.fixture(autouse=True, scope="session")
def interrupts() -> Generator[None]:
    """A process inherits what is ignored, and shells ignore Ctrl-C for what runs behind them."""
    former = signal.getsignal(signal.SIGINT)
    if former is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)

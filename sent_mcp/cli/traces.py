"""Traces, where the environment asks for them."""

import os
from collections.abc import Callable

from sent_mcp.cli.start_warnings import warn
from sent_mcp.telemetry import TelemetryError, begin_traces


def traced() -> Callable[[], None]:
    """Begin to send traces if they are asked for; returns what ends it, in two seconds at most.

    What stands in the way is told on stderr, and the server works without.
    """
    try:
        return begin_traces(os.environ)
    except TelemetryError as error:
        warn([f"{error}."])
        return lambda: None

"""The transport of POSIX systems: what serves, and what ends it."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
from mcp.server.lowlevel import Server

from sent_mcp.front import Opening
from sent_mcp.serving.descriptors import wire
from sent_mcp.serving.ending import Signals, watched
from sent_mcp.serving.incoming import DRAIN_SECONDS, Incoming
from sent_mcp.serving.outgoing import Outgoing
from sent_mcp.serving.sinks import sink
from sent_mcp.serving.unanswered import Unanswered

_CANNOT_WRITE = 1
_LAST_SECONDS = 0.5
"""How long after a signal a client may still read what was answered."""
_log = logging.getLogger("sent_mcp.serving")


async def serve_descriptors(
    server: Server[Any], opening: Opening | None, abandon: Callable[[], None]
) -> int:
    """See `serve_stdio`."""
    opening = opening or Opening(parent=os.getppid())
    with wire() as (reading, writing):
        unanswered = Unanswered()
        out = sink(writing, lambda: incoming.stop())
        incoming = Incoming(reading, out, unanswered, opening)
        with suppress(anyio.BrokenResourceError):
            out.write(opening.unwritten)
        signals = Signals(incoming.stop, abandon)
        with signals.handled(), watched(opening.parent, incoming.end):
            options = server.create_initialization_options()
            await server.run(incoming, Outgoing(out, unanswered), options)
            await out.close(_LAST_SECONDS if signals.exit_code else DRAIN_SECONDS)
    if out.failure is not None and not signals.exit_code:
        _log.error("stdout cannot be written: %s", out.failure.strerror)
        return _CANNOT_WRITE
    return signals.exit_code

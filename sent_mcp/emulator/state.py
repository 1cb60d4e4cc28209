"""What one running emulator holds between requests."""

import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sent_mcp.emulator.clock import Clock
from sent_mcp.emulator.connections import Connections
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.faults import Faults
from sent_mcp.emulator.idempotency import InFlight
from sent_mcp.emulator.rate_limit import RateLimit
from sent_mcp.emulator.recording import RequestLog
from sent_mcp.emulator.seed import seed

if TYPE_CHECKING:
    from starlette.applications import Starlette


@dataclass(frozen=True)
class Options:
    """The arguments of `create_app`."""

    database: str
    contacts: int
    latency_ms: int
    strict_phones: bool
    requests_per_minute: int | None
    api_key: str


class Emulator:
    """Options, clock, database and everything a control endpoint can look at or change."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock()
        self.log = RequestLog(self.clock)
        self.faults = Faults()
        self.connections = Connections()
        self.in_flight = InFlight()
        self.rate_limit = RateLimit(options.requests_per_minute)

    @cached_property
    def database(self) -> Database:
        """The database, opened and seeded at first use; closed with the emulator."""
        database = Database(self.options.database)
        weakref.finalize(self, database.connection.close)
        seed(database, self.options.contacts)
        return database


def emulator_of(app: "Starlette") -> Emulator:
    """The emulator that `build_app` put into `app`."""
    emulator: Emulator = app.state.emulator
    return emulator

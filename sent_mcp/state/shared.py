"""What several replicas share; the library for it is loaded only here and when it is asked for."""

from dataclasses import dataclass

from sent_mcp.errors import SettingsError
from sent_mcp.moving_windows import FallbackWindows, MovingWindows
from sent_mcp.state.store import StateStore


@dataclass(frozen=True)
class Shared:
    """A store and windows on one server, over one pool of connections; closing one closes both."""

    state: StateStore
    windows: MovingWindows


def missing_extra() -> SettingsError:
    """What is wrong where the library for Redis is not installed."""
    reason = "SENT_MCP_STATE: Redis needs an extra: pip install 'sent-mcp[redis]'"
    return SettingsError(reason, code="SETTINGS")


def open_redis(url: str, secret: bytes) -> Shared:
    """What replicas share on a Redis server; it connects at the first use.

    The windows never fail: without the server each replica keeps to the budget by itself. Raises
    ValueError for a URL that names no server, and SettingsError without the extra `redis`.
    """
    try:
        from sent_mcp.state.redis_server import RedisServer
        from sent_mcp.state.redis_state import RedisState
        from sent_mcp.state.redis_windows import RedisWindows
    except ModuleNotFoundError as error:
        raise missing_extra() from error
    server = RedisServer(url)
    return Shared(RedisState(server, secret), FallbackWindows(RedisWindows(server)))

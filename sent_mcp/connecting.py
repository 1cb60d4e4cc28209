"""Settings in, a client of the API out; with an emulator nothing leaves the process."""

from typing import TYPE_CHECKING

from sent_mcp.client import ApiKey, Connections, SentClient, V1Client
from sent_mcp.moving_windows import MovingWindows
from sent_mcp.observing import Observer
from sent_mcp.settings import Settings

if TYPE_CHECKING:
    from httpx import ASGITransport
    from starlette.types import ASGIApp


def connections_to(settings: Settings, emulator: "ASGIApp | None" = None) -> Connections:
    """The connections to the API of these settings; nothing is opened yet."""
    return Connections(settings.base_url, _in_process(emulator))


def build_client(
    settings: Settings,
    key: ApiKey,
    connections: Connections,
    *,
    timeout: float,
    profile_id: str | None = None,
    windows: MovingWindows | None = None,
    observer: Observer | None = None,
) -> SentClient:
    """The v3 client for these settings; `timeout` is for one call, waiting for budget included."""
    return SentClient(
        base_url=settings.base_url,
        connections=connections,
        key=key,
        profile_id=profile_id,
        requests_per_minute=settings.requests_per_minute,
        messages_per_minute=settings.messages_per_minute,
        timeout=timeout,
        windows=windows,
        observer=observer,
    )


def build_v1_client(
    settings: Settings,
    key: ApiKey,
    connections: Connections,
    *,
    windows: MovingWindows | None = None,
    observer: Observer | None = None,
) -> V1Client:
    """The v1 client for these settings."""
    return V1Client(
        base_url=settings.base_url,
        connections=connections,
        key=key,
        sender_id=settings.sender_id or "",
        requests_per_minute=settings.requests_per_minute,
        timeout=settings.call_timeout,
        windows=windows,
        observer=observer,
    )


def _in_process(emulator: "ASGIApp | None") -> "ASGITransport | None":
    if emulator is None:
        return None
    from httpx import ASGITransport

    return ASGITransport(app=emulator)

"""A stateful stand-in for the Sent API, for demos, tests and CI without an account.

Nothing here imports the rest of the project: a stand-in that shared the client's models would agree
with the client's mistakes. The two functions below are the whole public door.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["create_app", "serve"]


def create_app(
    *,
    database: str = ":memory:",
    contacts: int = 150,
    latency_ms: int = 0,
    strict_phones: bool = False,
    requests_per_minute: int | None = None,
    api_key: str = "sk_test_emulator",
) -> "Starlette":
    """Returns the emulator as an ASGI application.

    The database is opened, and seeded when it is new, by `serve` or by the first request: behind an
    in-process transport no lifespan event ever arrives. `strict_phones` accepts only
    numbers that the numbering plan knows as valid; without it any number of E.164 form will do.

    Without a socket to cut, a fault that drops the connection raises
    `sent_mcp.emulator.connections.ConnectionDropped` out of the application.
    """
    from sent_mcp.emulator.app import build_app
    from sent_mcp.emulator.state import Options

    return build_app(
        Options(
            database=database,
            contacts=contacts,
            latency_ms=latency_ms,
            strict_phones=strict_phones,
            requests_per_minute=requests_per_minute,
            api_key=api_key,
        )
    )


async def serve(
    app: "Starlette",
    *,
    host: str,
    port: int,
    on_ready: Callable[[int], None] | None = None,
) -> None:
    """Serves `app` on a socket until cancelled or interrupted.

    Port 0 picks a free one; `on_ready` is told the real one once requests are answered. Raises
    `OSError` when the address cannot be bound and `sqlite3.Error` when the database cannot be
    opened.
    """
    from sent_mcp.emulator.serving import run

    await run(app, host=host, port=port, on_ready=on_ready)

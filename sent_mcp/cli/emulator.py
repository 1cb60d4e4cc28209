"""`sent-mcp emulator`: the emulated API on a port."""

import os
import sqlite3
import sys

from starlette.applications import Starlette

from sent_mcp.emulator import serve


async def run_emulator(emulated: Starlette, host: str, port: int) -> int:
    """Serve until it is stopped; the exit code."""

    def ready(actual_port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        print(f"The emulated Sent API is at http://{shown}:{actual_port}", file=sys.stderr)

    try:
        await serve(emulated, host=host, port=port, on_ready=ready)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        print(f"sent-mcp: cannot listen on {host}, port {port}: {reason}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"sent-mcp: the database cannot be used: {error}", file=sys.stderr)
        return 1
    return 0

"""What an operator should know at start, on stderr."""

import sys
from collections.abc import Iterable
from contextlib import suppress

from sent_mcp.http_settings import HttpSettings
from sent_mcp.http_values import LEAST_TOKEN
from sent_mcp.offered import offered_tools
from sent_mcp.settings import SENT_URL, Settings


def warn(lines: Iterable[str]) -> None:
    """Say each on a line of its own."""
    for line in lines:
        # Nobody may be there to read it.
        with suppress(OSError):
            print(f"sent-mcp: {line}", file=sys.stderr, flush=True)


def about(settings: Settings, *, demo: bool) -> list[str]:
    """What is set in a way that somebody may not expect."""
    said: list[str] = []
    if settings.base_url != SENT_URL and not demo:
        said.append(f"The API is {settings.base_url}, not Sent's own (SENT_BASE_URL).")
    if settings.confirm == "off":
        said.append("No confirmation is asked for anything (SENT_MCP_CONFIRM=off).")
    if settings.dry_run:
        said.append("Every change is only a dry run (SENT_MCP_DRY_RUN).")
    if not offered_tools(settings):
        said.append("No tool is left to offer (SENT_MCP_TOOLSETS, SENT_MCP_READ_ONLY).")
    return said


def about_http(settings: Settings, http: HttpSettings) -> list[str]:
    """The same of what is served over HTTP."""
    said: list[str] = []
    if http.access == "passthrough" and (settings.api_key or settings.api_key_file):
        said.append("SENT_API_KEY is not used: everybody brings their own (--auth passthrough).")
    if http.access == "passthrough" and settings.profile_id:
        said.append("SENT_PROFILE_ID is not used: x-profile-id is (--auth passthrough).")
    if http.access != "tokens" and http.tokens:
        said.append(f"SENT_MCP_HTTP_TOKENS is not used (--auth {http.access}).")
    if any(len(token.secret) < LEAST_TOKEN for token in http.tokens):
        said.append(
            f"SENT_MCP_HTTP_TOKENS has tokens of fewer than {LEAST_TOKEN} characters, which can be"
            ' guessed; python -c "import secrets; print(secrets.token_urlsafe())" makes one.'
        )
    if http.workers > 1 and not settings.shares_state:
        said.append(
            f"Each of the {http.workers} workers counts its requests and messages a minute by"
            " itself; with a Redis (SENT_MCP_STATE) they share one budget."
        )
    return said

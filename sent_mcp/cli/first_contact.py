"""What somebody is told who starts the server by hand, and would wait for a prompt."""

import sys
import textwrap
from contextlib import suppress

from sent_mcp import __version__
from sent_mcp.errors import SettingsError
from sent_mcp.settings import Settings

_LEAVE = "Ctrl-C ends it." if sys.platform == "win32" else "Ctrl-D or Ctrl-C ends it."
_WIDTH = 80
_GREETING = """\
sent-mcp {version} is an MCP server for Sent (sent.dm). It has started, and waits
for an MCP host (Claude Desktop, Cursor, ...) to speak JSON-RPC to it, here on
stdin. {leave}

{account}

You may rather want one of these:
  sent-mcp demo          see it work, without an account
  sent-mcp install HOST  put it into a host, which then starts it by itself
  sent-mcp doctor        see whether this setup works
  sent-mcp --help        see everything else
"""


def greet(settings: Settings, *, demo: bool) -> None:
    """Say on stderr what this is, how to leave, and what to type instead."""
    account = _demo() if demo else _key(settings)
    text = _GREETING.format(version=__version__, leave=_LEAVE, account=account)
    # It serves all the same where that cannot be shown.
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _demo() -> str:
    return "Demo: it answers from an emulated address book; nothing leaves this machine."


def _key(settings: Settings) -> str:
    try:
        settings.read_key()
    except SettingsError as error:
        said = f"There is no key to use: {error.sentence}. Every call will say so."
        return textwrap.fill(said, _WIDTH)
    return "It has a key, and works on the real account."

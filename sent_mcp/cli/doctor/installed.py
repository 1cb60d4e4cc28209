"""What is installed here, and how a host starts it."""

import platform
import shlex
from importlib.metadata import version

from sent_mcp import __version__
from sent_mcp.cli.doctor.findings import Check
from sent_mcp.cli.installation import host_command
from sent_mcp.hosts import HostError


def installed_checks() -> list[Check]:
    """The versions, and the command."""
    system = f"{platform.system()} {platform.machine()}"
    versions = f"Python {platform.python_version()}, mcp {version('mcp')}, {system}"
    return [Check("version", "ok", f"sent-mcp {__version__}, {versions}."), _command()]


def _command() -> Check:
    try:
        words = host_command()
    except HostError as error:
        advice = "Install it in a folder whose name is plain text."
        return Check("command", "warning", f"No host can start it: {error}.", advice)
    # A path with spaces stands in a host's settings as it is.
    shown = words[0] if len(words) == 1 else shlex.join(words)
    return Check("command", "ok", f"A host starts it as: {shown}")

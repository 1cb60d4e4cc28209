"""What is installed here, and how a host starts it."""

import os
import platform
import shlex
import sys
from importlib.metadata import version
from pathlib import Path

from sent_mcp import __version__
from sent_mcp.cli.doctor.findings import Check


def installed_checks() -> list[Check]:
    """The versions, and the command."""
    system = f"{platform.system()} {platform.machine()}"
    versions = f"Python {platform.python_version()}, mcp {version('mcp')}, {system}"
    return [
        Check("version", "ok", f"sent-mcp {__version__}, {versions}."),
        Check("command", "ok", f"A host starts it as: {host_command()}"),
    ]


def host_command() -> str:
    """The absolute command that starts this very installation."""
    name = "sent-mcp.exe" if sys.platform == "win32" else "sent-mcp"
    # Not resolved: a virtual environment's python is a link, and only under its name one.
    for place in (Path(sys.argv[0]).absolute(), Path(sys.executable).with_name(name)):
        if place.name == name and os.access(place, os.X_OK):
            return str(place)
    return f"{shlex.quote(sys.executable)} -m sent_mcp"

"""The command that starts this very installation."""

import os
import sys
from pathlib import Path

from sent_mcp.hosts import command_of


def host_command() -> tuple[str, ...]:
    """The absolute words a host starts this server with.

    Prefers the script that was started, then the one beside the interpreter: `pip install --user`
    puts it elsewhere, and pipx and uv put links to it where they stay. Raises HostError for a path
    that no settings file can hold.
    """
    interpreter, started = Path(sys.executable), Path(os.path.abspath(sys.argv[0]))
    name = "sent-mcp.exe" if sys.platform == "win32" else "sent-mcp"
    # Not resolved: a virtual environment's python is a link, and only under its name one.
    beside = interpreter.with_name(name)
    # Windows hides the suffix from what it starts.
    places = (started.with_name(name), beside) if started.stem == "sent-mcp" else (beside,)
    script = next((each for each in places if each.is_file() and os.access(each, os.X_OK)), None)
    return command_of(interpreter, script)

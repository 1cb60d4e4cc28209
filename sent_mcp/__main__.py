"""`sent-mcp` and `python -m sent_mcp`: picks the command; `serve` loads nothing made for people."""

import signal
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from io import TextIOWrapper

_ABOUT_ALL = ("--help", "-h", "--version")


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    _prepare()
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else "serve"
    if first == "serve" or (first.startswith("-") and first not in _ABOUT_ALL):
        from sent_mcp.cli.serve import serve

        sys.exit(serve(arguments[1:] if first == "serve" and arguments else arguments))
    from sent_mcp.cli.app import app

    app()


def _prepare() -> None:
    # The thread that reads a server's stdin cannot be interrupted: Ctrl-C ends the process at once,
    # as a host's SIGTERM does, unless whoever started it has it ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Not every terminal can show every character.
    cast("TextIOWrapper", sys.stdout).reconfigure(errors="replace")


if __name__ == "__main__":
    main()

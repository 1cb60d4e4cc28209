"""`sent-mcp` and `python -m sent_mcp`: picks the command; `serve` answers before it has loaded."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import TextIOWrapper

_ABOUT_ALL = ("--help", "-h", "--version")


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else "serve"
    if first == "serve" or (first.startswith("-") and first not in _ABOUT_ALL):
        _serve(arguments[1:] if first == "serve" and arguments else arguments)
    else:
        _command()


def _serve(arguments: "Sequence[str]") -> None:
    from sent_mcp.front import open_conversation

    _leave_on_signals()
    opening = open_conversation(arguments, os.environ, load_server)
    code = 0
    if opening is not None:
        from sent_mcp.cli.serve import serve

        code = serve(arguments, opening)
    _leave(code)


def load_server() -> None:
    """Load what serves, and of other packages only what it needs."""
    from importlib import import_module

    from sent_mcp.front.lean import load_less

    load_less()
    import_module("sent_mcp.cli.serve")


def _leave_on_signals() -> None:
    """Until the server takes over there is nothing to finish: a signal ends the process at once."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever started it may have the signal ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: os._exit(128 + number))


def _leave(code: int) -> None:
    """Exit without taking the interpreter apart, which takes longer than a host likes to wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _command() -> None:
    import signal
    from typing import cast

    from sent_mcp.cli.app import app

    # Ctrl-C ends a command at once, unless whoever started it has it ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Not every terminal can show every character.
    cast("TextIOWrapper", sys.stdout).reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()

"""`sent-mcp` and `python -m sent_mcp`: picks the command; `serve` answers before it has loaded."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Never

_ABOUT_ALL = ("--help", "-h", "--version")


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["help"]:
        # As people try it; of one command where one is named.
        sys.argv[1:] = arguments = [*arguments[1:2], "--help"]
    first = arguments[0] if arguments else "serve"
    if first == "serve" or (first.startswith("-") and first not in _ABOUT_ALL):
        _serve(arguments[1:] if first == "serve" and arguments else arguments)
    else:
        _command()


def _serve(arguments: "Sequence[str]") -> None:
    from sent_mcp.front import open_conversation

    _open_descriptors()
    _show_any_character()
    _leave_on_signals()
    opening = open_conversation(arguments, os.environ, load_server)
    if opening is None:
        _leave(0)
    from sent_mcp.cli.serve import serve

    _leave(serve(arguments, opening, _leave))


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


def _open_descriptors() -> None:
    """Put the null device where the standard ones are closed: a pipe of ours would land there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # `print` takes stdout where there is no stderr.
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115  # for the whole process


def _show_any_character() -> None:
    """Not every terminal can, and no help text is worth a crash."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _leave(code: int) -> "Never":
    """Exit without taking the interpreter apart, which takes longer than a host likes to wait."""
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        # It was closed from the start, or its reader is gone.
        with suppress(AttributeError, OSError):
            stream.flush()
    os._exit(code)


def _command() -> None:
    import signal

    from sent_mcp.cli.app import app

    # Ctrl-C ends a command at once, unless whoever started it has it ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _show_any_character()
    app()


if __name__ == "__main__":
    main()

"""Logs go to stderr, since stdout belongs to the protocol, without numbers and keys."""

import logging
from types import TracebackType

from sent_mcp.masking import mask_log
from sent_mcp.quoting import one_line

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class MaskingFormatter(logging.Formatter):
    """Masks whatever looks like a phone number or a key, tracebacks included.

    What is invisible is made visible, and a message is one line: nobody else begins one, and no
    terminal takes it for a command. A traceback stands indented below.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The lines as they may be kept."""
        return mask_log(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """The first line."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802  logging's name
        """The lines below it."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"  {one_line(line)}" for line in lines)


def log_to_stderr(level: str) -> None:
    """Send everything from `level` on to stderr, whatever was set up before."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)

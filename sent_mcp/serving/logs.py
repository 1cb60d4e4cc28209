"""Logs go to stderr, since stdout belongs to the protocol, without numbers and keys."""

import logging

from sent_mcp.masking import mask_log


class MaskingFormatter(logging.Formatter):
    """Masks whatever looks like a phone number or a key, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it may be kept."""
        return mask_log(super().format(record))


def log_to_stderr(level: str) -> None:
    """Send everything from `level` on to stderr, whatever was set up before."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)

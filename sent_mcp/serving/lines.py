"""Bytes become lines, none of them longer than may be kept."""

MOST_BYTES = 4 * 1024 * 1024
"""The longest line: far beyond any call of a tool, and no burden to keep."""


class Lines:
    """Cuts what arrives at its newlines, wherever it was split on the way.

    A message ends with a newline and holds none (MCP, transports, stdio).
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._begun = bytearray()
        self._skipping = False

    def cut(self, chunk: bytes) -> list[bytes | None]:
        """The lines this chunk completes, without their ends.

        None stands for a line that grew too long; what is left of it is dropped as it arrives.
        """
        lines: list[bytes | None] = []
        *ends, begun = chunk.split(b"\n")
        for end in ends:
            self._add(end, lines)
            if not self._skipping:
                lines.append(bytes(self._begun))
            self._begun.clear()
            self._skipping = False
        self._add(begun, lines)
        return lines

    def _add(self, part: bytes, lines: list[bytes | None]) -> None:
        if self._skipping:
            return
        if len(self._begun) + len(part) > self._most:
            self._begun.clear()
            self._skipping = True
            lines.append(None)
        else:
            self._begun += part

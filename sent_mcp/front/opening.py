"""What happened on stdin before the server took it over."""

# No dataclass: it would load `inspect`, a tenth of the time until the first answer.


class Opening:
    """The beginning of a conversation, for the transport to go on with.

    `replayed` are whole lines with at most one request, whose answer the host has already: the
    server must see them first, and its own answer to that request goes nowhere. `unread` was read
    from stdin after them and looked at by nobody; `ended` says that stdin ended behind it, and
    `answered` that the host was answered anything. `unwritten` is the rest of an answer, which goes
    out before all else. `parent` is the process that started this one.
    """

    __slots__ = ("answered", "ended", "parent", "replayed", "unread", "unwritten")

    def __init__(
        self,
        *,
        parent: int,
        replayed: bytes = b"",
        unread: bytes = b"",
        unwritten: bytes = b"",
        ended: bool = False,
        answered: bool = False,
    ) -> None:
        self.answered = answered
        self.parent = parent
        self.replayed = replayed
        self.unread = unread
        self.unwritten = unwritten
        self.ended = ended

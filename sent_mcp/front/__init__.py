"""What answers a host at once, while the server is still loading.

Hosts start every server at launch, and most conversations never call a tool. So the handshake, ping
and `tools/list` are answered from a record of the real server's answers, by the standard library
alone; whatever else comes is left to the server, which goes on with the same bytes. POSIX only.
"""

import os
import sys

from sent_mcp.front.opening import Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sent_mcp.front.launch import Launch
    from sent_mcp.front.loading import Loading

__all__ = ["Opening", "open_conversation"]

_SWITCHING_SECONDS = 0.0005
"""How long the loading thread may keep an answer waiting; ten times less than usual."""


def open_conversation(
    arguments: "Sequence[str]", environment: "Mapping[str, str]", load: "Callable[[], None]"
) -> "Opening | None":
    """Answer what can be answered while `load` imports the server.

    Returns what the server must go on with; None when the host has left already.
    """
    from sent_mcp.front.launch import plain_launch
    from sent_mcp.front.loading import Loading

    parent = os.getppid()
    loading = Loading(load)
    launch = plain_launch(arguments, environment) if _has_host() else None
    opening = Opening(parent=parent)
    if launch is not None:
        try:
            opening = _conversed(launch, loading, parent)
        except ConnectionError:
            return None
        if opening.answered and opening.ended and not opening.unread + opening.unwritten:
            return None
    loading.finish()
    return opening


def _conversed(launch: "Launch", loading: "Loading", parent: int) -> Opening:
    from sent_mcp.front.conversation import Conversation
    from sent_mcp.front.record import Record
    from sent_mcp.front.stdin import Stdin

    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCHING_SECONDS)
    conversation = Conversation(Record(), launch)
    stdin = Stdin(conversation)
    try:
        stdin.converse(loading)
    finally:
        sys.setswitchinterval(usual)
    return Opening(
        parent=parent,
        replayed=conversation.replayed,
        unread=stdin.unread,
        unwritten=stdin.unwritten,
        ended=stdin.ended,
        answered=stdin.answered,
    )


def _has_host() -> bool:
    """Whether something can be answered: pipes can be waited for, and no person types."""
    return os.name == "posix" and not os.isatty(0)

"""Who makes a call: the user of this machine, or somebody who came in over HTTP."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Caller:
    """Who counts as one for approvals, limits and the audit log; `name` stands there.

    Who came in with a Sent key of their own acts with it and with nothing of the operator's.
    """

    name: str
    api_key: str | None = field(default=None, repr=False)
    profile_id: str | None = None


LOCAL = Caller("local")
"""Whoever started the server, and everybody on this machine where HTTP asks for no credentials."""

"""What the guard and the journal keep, whatever keeps it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from sent_mcp.errors import RefusedError

MEMORY = "memory:"
MOST_PENDING = 50
KEPT_SECONDS = 86_400.0
PURGED_SECONDS = 30 * 86_400.0
"""What is older is deleted; much later than it counts, for clocks that run ahead for a moment."""
SKEW_SECONDS = 1.0
KEY_SECONDS = 23 * 3600.0
"""Sent remembers an idempotency key for 24 hours (API §7.1); one hour is left for the clocks."""
IMPORT_SECONDS = 1800.0
"""How long an import can go on after it was agreed to."""


class StateError(RefusedError):
    """The state store cannot be used; nothing was done because of it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="STATE_UNAVAILABLE")


@dataclass(frozen=True)
class Pending:
    """An approval that was asked for and not given yet."""

    approval_id: str
    caller: str
    binding: str
    idempotency_key: str
    asked_at: float
    expires_at: float


@dataclass(frozen=True)
class Used:
    """An approval that was given; `status` is what came of it, None while that is not known.

    `ids` are those of the messages it sent.
    """

    status: str | None
    at: float
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewSend:
    """A send about to go out: HMACs of the whole request, of what it says, and of each recipient.

    There is one recipient per message, so a number on two channels is there twice.
    """

    account: str
    body: str
    content: str
    recipients: tuple[str, ...]
    idempotency_key: str


@dataclass(frozen=True)
class OpenSend:
    """A send whose outcome is not known: it is under way, or its answer was lost."""

    send_id: int
    idempotency_key: str
    at: float


@dataclass(frozen=True)
class Earlier:
    """The last message a recipient got; `open` while it is not known whether it went out."""

    send_id: int
    recipient: str
    message_id: str | None
    at: float
    open: bool


class NotStarted(Enum):
    """Why a send was not written down, and so must not go out."""

    ABOVE_LIMIT = "above the limit"
    CHANGED = "changed"


@dataclass(frozen=True)
class StoredImport:
    """An import of a caller into an account, as far as it is.

    `numbers` are still to be created. They, `failed` (number and code) and `invalid` (text and
    reason) are kept only while there are numbers left; `counts` as long as the import itself.
    `agreed`: somebody said yes to it.
    """

    import_id: str
    caller: str
    account: str
    idempotency_key: str
    agreed: bool
    expires_at: float
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    numbers: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    invalid: tuple[tuple[str, str], ...] = ()


class StateStore(Protocol):
    """Every method is one transaction, and raises StateError."""

    async def now(self) -> float:
        """The clock of the store, the same for everybody on it; seconds since 1970."""
        ...

    async def ping(self) -> None:
        """Raises StateError while the store cannot be used."""
        ...

    async def aclose(self) -> None:
        """Close what is open; the next use opens it again."""
        ...

    async def secret(self) -> bytes:
        """32 bytes made once for everybody on this store."""
        ...

    async def hold(self, pending: Pending) -> None:
        """Keep an approval until it expires; the oldest above fifty of one caller are dropped."""
        ...

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """The approval, once: whoever asks again gets Used.

        None for one that is not known, expired, or asked in the future (the clock went back). One
        that is bound to something else is given too; it is dropped and not used.
        """
        ...

    async def drop(self, approval_id: str) -> Pending | None:
        """Forget an approval that will not be given."""
        ...

    async def drop_alike(self, caller: str, binding: str) -> None:
        """Forget every approval of a caller that is for the same."""
        ...

    async def used(self, approval_id: str) -> Used | None:
        """What came of an approval, if it was given already; consumes nothing."""
        ...

    async def finish(self, approval_id: str, status: str, ids: Sequence[str]) -> None:
        """Record what came of a used approval."""
        ...

    async def declined(self, who: str) -> None:
        """Count a question that somebody answered with no."""
        ...

    async def declines(self, who: str, seconds: float) -> Sequence[float]:
        """When `who` answered with no in the last `seconds`, oldest first."""
        ...

    async def spend(
        self, who: str, count: int, most: int | None, seconds: float
    ) -> Sequence[int] | None:
        """Count changes; None, and nothing counted, above `most` in the last `seconds`."""
        ...

    async def spend_back(self, who: str, changes: Sequence[int]) -> None:
        """Take back changes that were counted for `who` and not made."""
        ...

    async def counted(self, account: str) -> int:
        """How many messages were counted within 24 hours."""
        ...

    async def earlier(
        self, account: str, content: str, recipients: Collection[str]
    ) -> Sequence[Earlier]:
        """Who of these got, or may have got, the same content within 24 hours, and when last."""
        ...

    async def open_send(self, account: str, body: str) -> OpenSend | None:
        """The last send of exactly this whose outcome is not known and whose key still holds."""
        ...

    async def start_send(
        self, send: NewSend, limit: int, shown: Sequence[Earlier]
    ) -> int | NotStarted:
        """Write a send down before it goes out; its id.

        Not above `limit` messages in 24 hours, and not when `earlier` says anything but `shown`. A
        send that carries the key of an open one is that one: it is not counted again.
        """
        ...

    async def close_send(self, send_id: int, sent: Sequence[tuple[str, str]]) -> None:
        """The outcome is known: (recipient, message id) of every message."""
        ...

    async def drop_send(self, send_id: int, *, repeated: bool) -> bool:
        """It certainly did not go out; false where an attempt under the same key may have.

        `repeated`: what is known holds for every attempt under its key.
        """
        ...

    async def last_to(self, account: str, recipient: str) -> Earlier | None:
        """The last message to a recipient within 24 hours."""
        ...

    async def keep_import(self, found: StoredImport) -> None:
        """Write an import down as it is now; it can be claimed again."""
        ...

    async def find_import(self, import_id: str) -> StoredImport | None:
        """An import that has not expired."""
        ...

    async def claim_import(self, import_id: str, seconds: float) -> bool:
        """Keep an import from everybody else for so long; false while somebody else does."""
        ...

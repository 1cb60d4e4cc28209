"""What somebody is asked to agree to, and what their answer is bound to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

FREE_CHANGES = 10
"""So many contacts a caller may create or opt out within ten minutes before it is asked."""


@dataclass(frozen=True)
class Question:
    """One change, put into words.

    `action` begins the token, because a host's permission dialog shows only arguments. `lines` are
    shown and may change by themselves (ages, counts); `bound` is compared, and must not.
    `undone` says what has not happened: "Nothing was deleted." `metered` is how many contacts it
    would create or opt out, at most; `agreed` that somebody said yes to it before, so that it is
    only counted. `idempotency_key` is that of an earlier request which this one repeats.
    """

    action: str
    lines: tuple[str, ...]
    undone: str
    bound: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    metered: int = 0
    agreed: bool = False
    idempotency_key: str | None = None

    @property
    def is_always_asked(self) -> bool:
        """Whether it is asked whatever was done before it."""
        return not self.agreed and not 0 < self.metered <= FREE_CHANGES

"""What somebody is asked to agree to, and what their answer is bound to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass(frozen=True)
class Question:
    """One change, put into words.

    `action` begins the token, because a host's permission dialog shows only arguments. `lines` are
    shown and may change by themselves (ages, counts); `bound` is compared, and must not.
    `undone` says what has not happened: "Nothing was deleted." `metered`: asked only from the
    eleventh change of its kind in ten minutes on. `idempotency_key` is that of an earlier request
    which this one repeats; None for a new one.
    """

    action: str
    lines: tuple[str, ...]
    undone: str
    bound: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    metered: bool = False
    idempotency_key: str | None = None

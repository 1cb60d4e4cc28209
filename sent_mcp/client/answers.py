"""What goes down to the transport and what comes up from it: requests, raw answers, answers."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote

from pydantic import JsonValue

from sent_mcp.quoting import visible

Data = TypeVar("Data", covariant=True)
_LONGEST_REQUEST_ID = 80
Other = TypeVar("Other")


@dataclass(frozen=True)
class Answer(Generic[Data]):
    """What Sent answered, and when by its own clock.

    `sandbox` is Sent's word that nothing was done (`X-Sandbox`), `replayed` that this is the answer
    of an earlier request with the same idempotency key (API §1.2).
    """

    data: Data
    request_id: str | None = None
    timestamp: datetime | None = None
    sandbox: bool = False
    replayed: bool = False

    def carrying(self, data: Other) -> "Answer[Other]":
        """The same answer around other data."""
        return Answer(data, self.request_id, self.timestamp, self.sandbox, self.replayed)


@dataclass
class Bulk:
    """Work that others come before: the share of the request budget it may use, and what it used.

    `once`: what fails is not repeated. `key` is the one it was begun with; another may be that of
    another account.
    """

    share: float
    once: bool = False
    requests: int = 0
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Request:
    """One call of the API. `path` is a template without ids, so that it can be logged."""

    method: str
    path: str
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str | int | None] = field(default_factory=dict[str, str | int | None])
    body: Mapping[str, JsonValue] | None = None
    idempotency_key: str | None = None
    sandbox: bool = False
    paid: bool = False
    messages: int = 0
    settled_by_reading: bool = False
    bulk: Bulk | None = None

    @property
    def target(self) -> str:
        """The path with its ids, each quoted as one segment."""
        return self.path.format_map({name: _segment(value) for name, value in self.ids.items()})

    @property
    def payload(self) -> dict[str, JsonValue] | None:
        """The JSON body; a dry run is a flag in it (API §7.2)."""
        if self.body is None:
            return None
        return {**self.body, "sandbox": True} if self.sandbox else dict(self.body)

    @property
    def changes(self) -> bool:
        """Whether it may do something at Sent: a dry run too, until an answer says that it was."""
        return self.method != "GET"

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice does no more than doing it once."""
        if self.method == "GET":
            return not self.paid
        return self.method == "DELETE" or self.idempotency_key is not None


@dataclass(frozen=True)
class RawAnswer:
    """An answer as it came; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def sandbox(self) -> bool:
        """Whether it says that nothing was done (API §1.2)."""
        return self.headers.get("x-sandbox", "").lower() == "true"

    @property
    def replayed(self) -> bool:
        """Whether it is the answer of an earlier request (API §1.2)."""
        return self.headers.get("idempotent-replayed", "").lower() == "true"

    def request_id(self, told: str | None = None) -> str | None:
        """The id of the request as it may be shown; `told` is the one in the answer's body."""
        given = told or self.headers.get("x-request-id")
        return None if given is None else visible(given, _LONGEST_REQUEST_ID)

    @property
    def content_type(self) -> str:
        """What the answer says it is."""
        return self.headers.get("content-type", "no content type")


def _segment(value: str) -> str:
    # quote() leaves dots alone, and a segment of dots would climb out of its folder.
    return quote(value, safe="").replace(".", "%2E")


def new_idempotency_key() -> str:
    """A fresh key for one POST or PATCH; Sent remembers it for 24 hours (API §7.1)."""
    return f"sent-mcp-{secrets.token_urlsafe(24)}"

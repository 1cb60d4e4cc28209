"""How functions become resources: copy one from `contacts.py`."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import mcp_types as mcp
from mcp.server.caching import CacheHint
from pydantic import JsonValue

JSON = "application/json"
# RFC 6570 leaves these characters as they are, so nothing is ever decoded.
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VARIABLE = re.compile(r"\{(\w+)\}$")
Client_contra = TypeVar("Client_contra", contravariant=True)
Completion = Callable[[Client_contra, str], Awaitable[Sequence[str]]]
"""What a text that somebody has begun to type may become, in at most one request."""


async def nothing(_: object, typed: str) -> Sequence[str]:
    """Completes what cannot be completed."""
    return ()


@dataclass(frozen=True)
class Resource(Generic[Client_contra]):
    """JSON at an address that may end in a variable: one resource, or a template of many.

    `read` gets what stands for the variable (`""` where there is none); it raises SentError.
    `shown_by` is the tool that tells the same: where it does not exist, nor does this.
    """

    uri: str
    name: str
    title: str
    description: str
    read: Callable[[Client_contra, str], Awaitable[JsonValue]]
    cache: CacheHint
    complete: Completion[Client_contra] = nothing
    shown_by: str | None = None

    @property
    def variable(self) -> str | None:
        """The name of the variable, if there is one."""
        found = _VARIABLE.search(self.uri)
        return found and found[1]

    def value_in(self, uri: str) -> str | None:
        """What an address has in the place of the variable; None for one that is not of these."""
        if self.variable is None:
            return "" if uri == self.uri else None
        before = _VARIABLE.sub("", self.uri)
        value = uri.removeprefix(before)
        return value if before + value == uri and _VALUE.fullmatch(value) else None

    def resource(self) -> mcp.Resource:
        """The entry in `resources/list`."""
        return mcp.Resource(
            uri=self.uri,
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=JSON,
        )

    def template(self) -> mcp.ResourceTemplate:
        """The entry in `resources/templates/list`."""
        return mcp.ResourceTemplate(
            uri_template=self.uri,
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=JSON,
        )

"""Requests as the bytes they are, and answers found in the bytes that came.

An HTTP library would take more of the two processors than a fast server does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

HOST = "127.0.0.1"
FIRST_NUMBER, LAST_NUMBER = 1_000_000, 9_999_999
"""The ids of calls: as many digits each, so that their requests differ in nothing else."""
_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_MOST_CHUNKS = 1_000


class WrongAnswerError(RuntimeError):
    """What came is not what was asked for."""


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + _HEAD_END + body


def encoded(message: Mapping[str, object]) -> bytes:
    """A JSON-RPC message."""
    return json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Numbered:
    """Bytes with an id in them that is another every time."""

    before: bytes
    after: bytes

    @classmethod
    def of(cls, text: bytes, number: int) -> "Numbered | None":
        """This text, where this number is its id; None where it has no such id."""
        key = b'"id":'
        before, found, after = text.partition(b"%b%d" % (key, number))
        return cls(before + key, after) if found else None

    def with_id(self, number: int) -> bytes:
        """The text with this id."""
        return b"%b%d%b" % (self.before, number, self.after)


@dataclass(frozen=True)
class Head:
    """What is looked at of an answer's first lines; `length` is None for a body in chunks."""

    status: int
    length: int | None
    session: str | None


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    head: Head
    body: bytes


def answer_in(received: bytes | bytearray) -> Answer | None:
    """The one answer in what was received; None while a part of it is missing."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = _head(bytes(received[:end]))
    rest = bytes(received[end + len(_HEAD_END) :])
    if head.length is None:
        body = _joined(rest) if rest.endswith(_LAST_CHUNK) else None
        return None if body is None else Answer(head, body)
    if len(rest) > head.length:
        raise WrongAnswerError("more than one answer came")
    return Answer(head, rest) if len(rest) == head.length else None


# The heads of one second are alike, down to their Date.
@lru_cache(maxsize=256)
def _head(text: bytes) -> Head:
    first, *lines = text.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    chunked = fields.get("transfer-encoding", "").lower() == "chunked"
    length = None if chunked else int(fields.get("content-length", "0"))
    return Head(int(first.split(" ")[1]), length, fields.get("mcp-session-id"))


def _joined(chunks: bytes) -> bytes | None:
    """The body in these chunks; None when the last of them is missing."""
    parts: list[bytes] = []
    for _ in range(_MOST_CHUNKS):
        line, _, chunks = chunks.partition(b"\r\n")
        size = int(line.partition(b";")[0] or b"0", 16)
        if size == 0:
            return b"".join(parts)
        if len(chunks) < size + 2:
            return None
        parts.append(chunks[:size])
        chunks = chunks[size + 2 :]
    raise WrongAnswerError(f"more than {_MOST_CHUNKS} chunks came")


def message_in(body: bytes) -> dict[str, object]:
    """The last message of a body that is JSON, or a stream of server-sent events."""
    events = [line[5:] for line in body.splitlines() if line.startswith(b"data:")]
    told: object = json.loads(events[-1] if events else body)
    if not isinstance(told, dict):
        raise WrongAnswerError(f"no message came: {body[:500]!r}")
    return cast("dict[str, object]", told)

"""`Idempotency-Key`: one effect per key for 24 hours (API §7.1)."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.database import Database, Row
from sent_mcp.emulator.envelope import Refusal, Rendered

METHODS = frozenset({"POST", "PUT", "PATCH"})
LONGEST_WAIT_SECONDS = 5.0
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_KEPT = timedelta(hours=24)
# Refusals after validation are kept, refusals by it are not (API §16.15).
_KEPT_REFUSALS = frozenset({404, 409, 422})

FIND = """
SELECT fingerprint, request_id, status, body, headers FROM idempotency
WHERE customer_id = :customer_id AND key = :key AND created_at > :oldest
"""
KEEP = """
INSERT OR REPLACE INTO idempotency
VALUES (:customer_id, :key, :fingerprint, :request_id, :status, :body, :headers, :created_at)
"""


@dataclass(frozen=True)
class Slot:
    """A key in use: whose, for what, and in which request."""

    customer_id: str
    key: str
    fingerprint: str
    request_id: str


class InFlight:
    """Keys whose first request has not been answered yet."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], tuple[str, asyncio.Event]] = {}

    async def wait(self, slot: Slot) -> None:
        """Returns when nobody else uses the key; refuses after five seconds (CONFLICT_001)."""
        running = self._running.get((slot.customer_id, slot.key))
        if running is None:
            return
        fingerprint, done = running
        _refuse_another_payload(fingerprint, slot)
        try:
            await asyncio.wait_for(done.wait(), LONGEST_WAIT_SECONDS)
        except TimeoutError:
            message = "Concurrent idempotent request in progress"
            raise Refusal(409, "CONFLICT_001", message) from None
        await self.wait(slot)

    def begin(self, slot: Slot) -> None:
        """Marks the key as used by this request."""
        self._running[slot.customer_id, slot.key] = (slot.fingerprint, asyncio.Event())

    def end(self, slot: Slot) -> None:
        """Frees the key and wakes those who wait for it."""
        _, done = self._running.pop((slot.customer_id, slot.key))
        done.set()


def read_key(method: str, key: str | None) -> str | None:
    """The key of a request that may carry one; on DELETE it is ignored (API §15 row 24)."""
    if key is None or method not in METHODS:
        return None
    if not _KEY.fullmatch(key):
        raise Refusal(400, "VALIDATION_007", "Invalid Idempotency-Key format")
    return key


def fingerprint_of(method: str, path: str, body: object) -> str:
    """What makes two requests the same: method, path and body (API §16.15)."""
    content = json.dumps([method, path, body], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


async def once(
    database: Database,
    in_flight: InFlight,
    slot: Slot,
    now: Callable[[], datetime],
    execute: Callable[[], Awaitable[Rendered]],
) -> Rendered:
    """The first answer under this key, from `execute` or replayed."""
    await in_flight.wait(slot)
    oldest = wire(now() - _KEPT)
    values = {"customer_id": slot.customer_id, "key": slot.key, "oldest": oldest}
    kept = database.one(FIND, values)
    if kept is not None:
        _refuse_another_payload(str(kept["fingerprint"]), slot)
        return _replay(kept)
    in_flight.begin(slot)
    try:
        rendered = await execute()
        if rendered.status < 300 or rendered.status in _KEPT_REFUSALS:
            database.run(KEEP, _kept_row(slot, rendered, now()))
        return rendered
    finally:
        in_flight.end(slot)


def _refuse_another_payload(fingerprint: str, slot: Slot) -> None:
    if fingerprint != slot.fingerprint:
        message = "Idempotency-Key already used for a different request"
        raise Refusal(409, "CONFLICT_005", message)


def _replay(kept: Row) -> Rendered:
    headers: dict[str, str] = json.loads(str(kept["headers"]))
    headers["Idempotent-Replayed"] = "true"
    headers["X-Original-Request-Id"] = str(kept["request_id"])
    status, body = kept["status"], kept["body"]
    assert isinstance(status, int)
    assert isinstance(body, bytes)
    return Rendered(status, body, headers)


def _kept_row(slot: Slot, rendered: Rendered, now: datetime) -> Row:
    return {
        "customer_id": slot.customer_id,
        "key": slot.key,
        "fingerprint": slot.fingerprint,
        "request_id": slot.request_id,
        "status": rendered.status,
        "body": rendered.body,
        "headers": json.dumps(dict(rendered.headers)),
        "created_at": wire(now),
    }

"""Imports that go on in another call: what was agreed to and is not done yet, for half an hour."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

import anyio

from sent_mcp.errors import RefusedError
from sent_mcp.state import IMPORT_SECONDS, StateError, StateStore, StoredImport

LEASE_SECONDS = 60.0
"""More than any call takes; what a server that died was working on is free after that."""
_UNDONE = "Nothing was created."
_log = logging.getLogger("sent_mcp.guard")


class Imports:
    """The imports of one account."""

    def __init__(self, state: StateStore, *, account: Callable[[], str]) -> None:
        self._state = state
        self._account = account

    async def begun(self, caller: str, key: str, *, agreed: bool) -> StoredImport:
        """A new one, which is not written down before `keep`."""
        until = await self._state.now() + IMPORT_SECONDS
        import_id = f"imp_{secrets.token_hex(12)}"
        return StoredImport(import_id, caller, self._account(), key, agreed, until)

    async def find(self, caller: str, import_id: str) -> StoredImport:
        """One that this caller began. Raises RefusedError (UNKNOWN_IMPORT), StateError."""
        found = await self._state.find_import(import_id)
        if found is None or (found.caller, found.account) != (caller, self._account()):
            raise _refused(
                "there is no such import, or it is older than 30 minutes", "UNKNOWN_IMPORT"
            )
        return found

    async def claimed(self, caller: str, import_id: str) -> StoredImport:
        """The same, kept from every other call until `keep`. Raises RefusedError (IMPORT_BUSY)."""
        await self.find(caller, import_id)
        if not await self._state.claim_import(import_id, LEASE_SECONDS):
            raise _refused("another call is working on this import", "IMPORT_BUSY")
        return await self.find(caller, import_id)

    async def keep(self, found: StoredImport) -> bool:
        """Whether it can go on; it is written down without numbers and texts once none is left."""
        if not found.numbers:
            found = replace(found, failed=(), invalid=())
        # What was created must not be forgotten because the time of the call is over.
        with anyio.CancelScope(shield=True):
            try:
                if await self._state.now() > found.expires_at:
                    return False
                await self._state.keep_import(found)
            except StateError as error:
                _log.warning("an import could not be written down: %s", error.code)
                return False
        return True


def _refused(message: str, code: str) -> RefusedError:
    error = RefusedError(message, code=code)
    error.effect = _UNDONE
    return error

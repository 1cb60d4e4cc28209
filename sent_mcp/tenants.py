"""Whose contacts a call is about: everything that belongs to one account.

One operator's key serves everybody, or each caller brings a Sent key of their own. What is shared
by all is the state store, in which everything is kept by account and caller; the connections; and
the budgets, which are counted by key.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Generic

import anyio.to_thread
from pydantic import SecretStr

from sent_mcp.callers import Caller
from sent_mcp.client import ApiKey, Newcomers, SentClient, V1Client
from sent_mcp.connecting import build_client, build_v1_client, connections_to
from sent_mcp.guard import EXTENDED, Approvals, Guard, Restraint, Rules
from sent_mcp.guard.audit import AuditLog
from sent_mcp.guard.imports import Imports
from sent_mcp.guard.journal import Journal
from sent_mcp.key_source import read_key
from sent_mcp.masking import mask_numbers
from sent_mcp.moving_windows import MemoryWindows
from sent_mcp.observing import Observer
from sent_mcp.quoting import named, quoted
from sent_mcp.settings import Settings
from sent_mcp.state import MEMORY, Shared, SqliteState, StateStore, open_redis
from sent_mcp.tools.registry import Client

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MOST_TENANTS = 1000
"""Accounts a process keeps in mind; what is known of one that is dropped is read again."""
DEMO_LINE = "Demo: nothing leaves this machine."


@dataclass(frozen=True)
class Tenant(Generic[Client]):
    """What the calls for one account use."""

    client: Client
    guard: Guard
    journal: Journal
    imports: Imports


class Tenants:
    """Makes them, and owns what they share. Nothing is connected before the first call.

    Raises SettingsError for a state that needs an extra which is not installed.
    """

    def __init__(
        self, settings: Settings, emulator: "ASGIApp | None", observer: Observer | None = None
    ) -> None:
        self._settings = settings
        self._observer = observer
        self._demo = emulator is not None
        self._connections = connections_to(settings, emulator)
        shared = _shared(settings)
        self.state = shared.state
        self._windows = shared.windows
        # What a demo did is forgotten with its address book; its approvals and imports are not, so
        # that the two calls of a confirmation may be two commands.
        self._done: StateStore = SqliteState(MEMORY) if self._demo else self.state
        self.audit = AuditLog(settings.audit_log)
        self._newcomers = Newcomers()
        # One for all profiles: it is the key that Sent locks when it was wrong too often.
        self._key_brought = lru_cache(maxsize=MOST_TENANTS)(self._newcomers_key)

    def operator(self) -> Tenant[SentClient]:
        """The account of the operator's own key."""
        return self._v3(ApiKey(self._settings.read_key), self._settings.profile_id)

    def operator_v1(self) -> Tenant[V1Client]:
        """The same on the legacy API, which has nothing to ask about."""
        key = ApiKey(self._settings.read_key)
        client = build_v1_client(
            self._settings,
            key,
            self._connections,
            windows=self._windows,
            observer=self._observer,
        )

        async def line() -> str:
            return ""

        return self._tenant(client, key, self._settings.profile_id, line)

    def brought(self, caller: Caller) -> Tenant[SentClient]:
        """The account of the key a caller has brought."""
        return self._v3(self._key_brought(caller.api_key or ""), caller.profile_id)

    async def aclose(self) -> None:
        """Close what they share."""
        await self._connections.aclose()
        await self.state.aclose()
        await self._done.aclose()
        await anyio.to_thread.run_sync(self.audit.close)

    def _newcomers_key(self, text: str) -> ApiKey:
        given = SecretStr(text)
        return ApiKey(
            lambda: read_key(given, None, "the key you brought"), newcomers=self._newcomers
        )

    def _v3(self, key: ApiKey, profile_id: str | None) -> Tenant[SentClient]:
        settings = self._settings
        client = build_client(
            settings,
            key,
            self._connections,
            timeout=settings.call_timeout,
            profile_id=profile_id,
            windows=self._windows,
            observer=self._observer,
        )
        line = _account_line(client, key, profile_id, demo=self._demo)
        return self._tenant(client, key, profile_id, line)

    def _tenant(
        self,
        client: Client,
        key: ApiKey,
        profile_id: str | None,
        account_line: Callable[[], Awaitable[str]],
    ) -> Tenant[Client]:
        def account() -> str:
            base_url = self._settings.base_url
            return "demo" if self._demo else f"{key.fingerprint()} {base_url} {profile_id or ''}"

        guard = Guard(
            Approvals(self.state, _secret(self._settings)),
            Restraint(self._done),
            _rules(self._settings),
            self.audit,
            account=account,
            account_line=account_line,
        )
        journal = Journal(self._done, account=account)
        return Tenant(client, guard, journal, Imports(self.state, account=account))


def tenant_of_each(tenants: Tenants) -> Callable[[Caller], Tenant[SentClient]]:
    """Finds the tenant of a caller who brings a key; the latest ones are kept in mind."""
    return lru_cache(maxsize=MOST_TENANTS)(tenants.brought)


def _shared(settings: Settings) -> Shared:
    """What replicas share, or else the processes of one machine."""
    if settings.shares_state:
        return open_redis(str(settings.state_location), _secret(settings) or b"")
    return Shared(SqliteState(settings.state_location), MemoryWindows())


def _secret(settings: Settings) -> bytes | None:
    return settings.secret.get_secret_value().encode() if settings.secret else None


def _rules(settings: Settings) -> Rules:
    # Where no call waits for the answer there is more time, unless the operator says otherwise.
    said = "ask_timeout" in settings.model_fields_set
    return Rules(
        mode=settings.confirm,
        ask_seconds=settings.ask_timeout,
        answer_seconds=settings.ask_timeout if said else settings.ask_timeout * EXTENDED,
        mask=mask_numbers if settings.mask_phones else str,
    )


def _account_line(
    client: SentClient, key: ApiKey, profile_id: str | None, *, demo: bool
) -> Callable[[], Awaitable[str]]:
    known: dict[str, str] = {}

    async def line() -> str:
        if demo:
            return DEMO_LINE
        # The key may be another one by now: its file is read again when Sent refuses it.
        if key.fingerprint() not in known:
            account = (await client.account.get()).data
            profile = f", profile {named(profile_id)}" if profile_id else ""
            name = quoted(account.name or account.id, 120)
            known[key.fingerprint()] = f"Account: {name}{profile}."
        return known[key.fingerprint()]

    return line

"""Wiring only: settings in, an MCP server out."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

import anyio
import anyio.to_thread
import mcp_types as mcp
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import JsonValue

from sent_mcp import __version__
from sent_mcp.client import ApiKey, SentClient, V1Client
from sent_mcp.connecting import build_client, build_v1_client
from sent_mcp.guard import EXTENDED, Approvals, Guard, Host, Restraint, Rules, TimeLimit
from sent_mcp.guard.audit import AuditLog
from sent_mcp.guard.imports import Imports
from sent_mcp.guard.journal import Journal
from sent_mcp.masking import mask_numbers
from sent_mcp.quoting import quoted
from sent_mcp.settings import Settings
from sent_mcp.state import MEMORY, SqliteState
from sent_mcp.tools import TOOLS, V1_TOOLS
from sent_mcp.tools.arguments import Arguments
from sent_mcp.tools.registry import Call, Client, Limits, Offer, Tool
from sent_mcp.tools.results import Result, word
from sent_mcp.tools.seam import answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

INSTRUCTIONS = """\
Contacts in Sent (sent.dm): one record per phone number, which knows whether that person can be \
reached on SMS, WhatsApp or RCS.
A verdict is yes, no or unknown. Unknown is not no: a number that is not a contact is unknown, and \
so is one that was added less than a minute ago.
Contacts have no names; they are found by number or id. Numbers are taken in any spelling and \
returned as E.164. Several numbers need one call of check_phone_numbers and few requests.
"""
CHANGE_INSTRUCTIONS = """\
A message that Sent accepted is not delivered yet; get_message tells what became of it.
Deleting, sending, lifting an opt-out and creating more than ten contacts within ten minutes need \
confirmation. Where the host can ask its user, it does. Otherwise the first call changes nothing \
and returns a question and a confirmation_token; the same call with the token acts, once, within \
five minutes. After outcome_unknown ask for the same send again: it is not sent twice. dry_run \
only validates. update_contact(opt_out=true) stops messages and keeps the record of consent, which \
delete_contact does not.
"""
_LIST_HINT = CacheHint(ttl_ms=3_600_000, scope="public")
Context = ServerRequestContext[Any, Any]
DEMO_LINE = "Demo: nothing leaves this machine."


@dataclass(frozen=True)
class Service(Generic[Client]):
    """Everything the tools of one process share."""

    client: Client
    guard: Guard
    journal: Journal
    imports: Imports
    limits: Limits
    tools: Mapping[str, Tool[Client]]
    close: Callable[[], Awaitable[None]]
    abandon: Callable[[], None]

    async def list_tools(
        self, context: Context, params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListToolsResult:
        """`tools/list`: the same for everybody, in a fixed order."""
        return mcp.ListToolsResult(tools=[tool.offer.definition() for tool in self.tools.values()])

    async def call_tool(
        self, context: Context, params: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult | mcp.InputRequiredResult:
        """`tools/call`. A hidden tool and an unknown one are answered alike."""
        tool = self.tools.get(params.name)
        if tool is None:
            raise MCPError(code=mcp.INVALID_PARAMS, message=f"Unknown tool: {word(params.name)}")

        def start(time: TimeLimit) -> Call[Client]:
            host = Host(context, params)
            return Call(self.client, self.journal, self.imports, self.limits, host, time)

        return await answer(tool, start, self.limits, self.guard, params.arguments or {})

    def input_schema(self, name: str) -> Mapping[str, JsonValue] | None:
        """The schema HTTP header checks need."""
        tool = self.tools.get(name)
        return None if tool is None else tool.offer.input_schema


class SentServer(Server[None]):
    """The SDK's server; `abandon` is what must still be done when its process cannot wait."""

    abandon: Callable[[], None]


def build_server(settings: Settings, *, emulator: "ASGIApp | None" = None) -> SentServer:
    """The server for these settings; with `emulator` nothing leaves this process.

    Nothing is connected and no file is opened before the first call that needs it.
    """
    service = (
        _v1_service(settings, emulator)
        if settings.api_version == "v1"
        else _service(settings, emulator)
    )

    @asynccontextmanager
    async def lifespan(_: Server[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await service.close()

    server = SentServer(
        "sent-mcp",
        version=__version__,
        title="Sent contacts",
        instructions=instructions([tool.offer for tool in service.tools.values()]),
        cache_hints={"tools/list": _LIST_HINT, "server/discover": _LIST_HINT},
        lifespan=lifespan,
        get_tool_input_schema=service.input_schema,
        on_list_tools=service.list_tools,
        on_call_tool=service.call_tool,
    )
    server.abandon = service.abandon
    return server


def _service(settings: Settings, emulator: "ASGIApp | None") -> Service[SentClient]:
    key = ApiKey(settings.read_key)
    client = build_client(settings, key, timeout=settings.call_timeout, emulator=emulator)
    visible = {tool.offer.name: tool for tool in TOOLS if is_offered(tool, settings)}
    line = _account_line(client, key, settings, demo=emulator is not None)
    return _assembled(settings, client, client.aclose, visible, key, line, emulator is not None)


def _v1_service(settings: Settings, emulator: "ASGIApp | None") -> Service[V1Client]:
    key = ApiKey(settings.read_key)
    client = build_v1_client(settings, key, emulator=emulator)
    visible = {tool.offer.name: tool for tool in V1_TOOLS if is_offered(tool, settings)}

    async def line() -> str:
        return ""

    return _assembled(settings, client, client.aclose, visible, key, line, emulator is not None)


def _assembled(
    settings: Settings,
    client: Client,
    close_client: Callable[[], Awaitable[None]],
    tools: Mapping[str, Tool[Client]],
    key: ApiKey,
    account_line: Callable[[], Awaitable[str]],
    demo: bool,
) -> Service[Client]:
    state = SqliteState(settings.state_location)
    # What a demo did is forgotten with its address book; its approvals and imports are not, so that
    # the two calls of a confirmation may be two commands.
    done = SqliteState(MEMORY) if demo else state
    audit = AuditLog(settings.audit_log)

    def account() -> str:
        profile = settings.profile_id or ""
        return "demo" if demo else f"{key.fingerprint()} {settings.base_url} {profile}"

    async def close() -> None:
        await close_client()
        await state.aclose()
        await done.aclose()
        await anyio.to_thread.run_sync(audit.close)

    secret = settings.secret.get_secret_value().encode() if settings.secret else None
    guard = Guard(
        Approvals(state, secret),
        Restraint(done),
        _rules(settings),
        audit,
        account=account,
        account_line=account_line,
    )
    journal = Journal(done, account=account)
    imports = Imports(state, account=account)
    limits = _limits(settings)
    return Service(client, guard, journal, imports, limits, tools, close, audit.abandon)


def instructions(offers: Iterable[Offer[Arguments, Result]]) -> str:
    """What a model is told once; about changes only where there are tools that make them."""
    changes = any(offer.destructive for offer in offers)
    return INSTRUCTIONS + (CHANGE_INSTRUCTIONS if changes else "")


def is_offered(tool: Tool[Client], settings: Settings) -> bool:
    """Whether the tool exists under these settings."""
    offer = tool.offer
    return offer.toolset in settings.toolsets and (offer.read_only or not settings.read_only)


def offered_tools(settings: Settings) -> list[str]:
    """The names of the tools that exist under these settings."""
    if settings.api_version == "v1":
        return [tool.offer.name for tool in V1_TOOLS if is_offered(tool, settings)]
    return [tool.offer.name for tool in TOOLS if is_offered(tool, settings)]


def _rules(settings: Settings) -> Rules:
    # Where no call waits for the answer there is more time, unless the operator says otherwise.
    said = "ask_timeout" in settings.model_fields_set
    return Rules(
        mode=settings.confirm,
        ask_seconds=settings.ask_timeout,
        answer_seconds=settings.ask_timeout if said else settings.ask_timeout * EXTENDED,
        mask=mask_numbers if settings.mask_phones else str,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        region=settings.default_region,
        dry_run=settings.dry_run,
        allowed_recipients=settings.allowed_recipients,
        max_recipients=settings.max_recipients,
        messages_per_day=settings.messages_per_day,
        call_timeout=settings.call_timeout,
        mask_phones=settings.mask_phones,
    )


def _account_line(
    client: SentClient, key: ApiKey, settings: Settings, *, demo: bool
) -> Callable[[], Awaitable[str]]:
    known: dict[str, str] = {}

    async def line() -> str:
        if demo:
            return DEMO_LINE
        # The key may be another one by now: its file is read again when Sent refuses it.
        if key.fingerprint() not in known:
            account = (await client.account.get()).data
            profile = f", profile {word(settings.profile_id)}" if settings.profile_id else ""
            name = quoted(account.name or account.id, 120)
            known[key.fingerprint()] = f"Account: {name}{profile}."
        return known[key.fingerprint()]

    return line

"""The routes: every path of the emulator and the function behind it."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sent_mcp.emulator import (
    account,
    contacts,
    control,
    conversations,
    messages,
    numbers,
    templates,
    v1,
)
from sent_mcp.emulator.endpoint import Endpoint
from sent_mcp.emulator.fault_middleware import FaultMiddleware
from sent_mcp.emulator.recording import CONTROL_PREFIX, RecordingMiddleware
from sent_mcp.emulator.state import Emulator, Options

V3 = (
    ("GET", "/v3/me", account.me),
    ("GET", "/v3/contacts", contacts.list_contacts),
    ("POST", "/v3/contacts", contacts.create_contact),
    ("GET", "/v3/contacts/{id}", contacts.get_contact),
    ("PATCH", "/v3/contacts/{id}", contacts.update_contact),
    ("DELETE", "/v3/contacts/{id}", contacts.delete_contact),
    ("GET", "/v3/contacts/{id}/message-summary", conversations.message_summary),
    ("POST", "/v3/messages", messages.send_message),
    ("GET", "/v3/messages/{id}", messages.get_message),
    ("GET", "/v3/messages/{id}/activities", messages.get_activities),
    ("POST", "/v3/messages/{id}/cancel", messages.cancel_message),
    ("GET", "/v3/templates", templates.list_templates),
    ("GET", "/v3/templates/{id}", templates.get_template),
    ("GET", "/v3/conversations", conversations.list_conversations),
    ("GET", "/v3/conversations/{id}", conversations.get_conversation),
    ("GET", "/v3/numbers/lookup/{phone_number:path}", numbers.lookup_number),
)
V1 = (
    ("GET", "/v1/contacts", v1.list_contacts),
    ("GET", "/v1/contacts/phone", v1.find_by_phone),
)
CONTROL: tuple[tuple[str, str, Callable[[Emulator, Request], Awaitable[Response]]], ...] = (
    ("GET", "requests", control.show_requests),
    ("DELETE", "requests", control.clear_requests),
    ("POST", "faults", control.set_faults),
    ("POST", "clock", control.advance_clock),
)


def build_app(options: Options) -> Starlette:
    """The application, with its emulator in `app.state.emulator`."""
    emulator = Emulator(options)
    app = Starlette(
        routes=_routes(emulator),
        middleware=[
            Middleware(RecordingMiddleware, log=emulator.log),
            Middleware(FaultMiddleware, emulator=emulator),
        ],
    )
    app.router.redirect_slashes = False
    app.state.emulator = emulator
    return app


def _routes(emulator: Emulator) -> list[Route]:
    v3 = [
        Route(path, Endpoint(emulator, handler).respond, methods=[method])
        for method, path, handler in V3
    ]
    legacy = [
        Route(path, v1.Endpoint(emulator, handler).respond, methods=[method])
        for method, path, handler in V1
    ]
    own = [
        Route(CONTROL_PREFIX + name, partial(handler, emulator), methods=[method])
        for method, name, handler in CONTROL
    ]
    return [*v3, *legacy, *own]

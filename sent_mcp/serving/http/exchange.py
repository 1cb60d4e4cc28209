"""MCP over one POST: a message in, its answer out. Nothing is kept between two of them.

Both protocol eras are served, told apart by the `MCP-Protocol-Version` header (2026-07-28 by the
envelope in the body, too). The SDK's own transport starts a session for each handshake-era request
and can stream either always or never; here a stream begins with the first notification, or when the
answer takes so long that a proxy could take the silence for the end.
"""

import asyncio
from typing import Any, cast

import anyio
import mcp_types as mcp
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PROTOCOL_VERSION_HEADER,
    InboundLadderRejection,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
    validate_mcp_param_headers,
)
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sent_mcp.callers import Caller
from sent_mcp.serving.http.answers import HttpError, send_bytes, send_json
from sent_mcp.serving.http.dispatch import Dispatch
from sent_mcp.serving.http.events import EventStream
from sent_mcp.serving.http.incoming import Bodies, HungUpError, Incoming, check_headers, parse

_TEXT = b"text/plain"
_TRANSPORT = "streamable-http"
_CUT_OFF = {
    "code": mcp.INTERNAL_ERROR,
    "message": "The server was stopped before the call was done; look whether it has changed"
    " anything before you call again",
}


class Exchange:
    """Answers the POSTs of one server; `lifespan_state` is what its lifespan has yielded."""

    def __init__(self, server: Server[Any], lifespan_state: Any) -> None:
        self._server = server
        self._lifespan_state = lifespan_state
        self._bodies = Bodies()

    async def answer(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        """Answer one request of a caller who was let in; always an answer, unless they hung up."""
        headers = Headers(scope=scope)
        try:
            check_headers(scope["method"], headers)
            raw = await self._bodies.read(headers.get("content-length", ""), receive)
            incoming = parse(headers, raw)
            if incoming.request is None:
                _check_version(headers)
                # A cancellation is dropped, too: the id in it could be anybody's.
                await send_bytes(send, 202, _TEXT, b"")
            else:
                await self._serve(incoming, incoming.request, receive, send, caller)
        except HttpError as refused:
            await refused.send(send)
        except HungUpError:
            pass

    async def _serve(
        self,
        incoming: Incoming,
        request: mcp.JSONRPCRequest,
        receive: Receive,
        send: Send,
        caller: Caller,
    ) -> None:
        modern = _is_modern(incoming)
        connection = self._envelope(incoming, request) if modern else _handshake(incoming)
        token = progress_token_from_params(request.params)
        stream = EventStream(send) if incoming.takes_streams else None
        dispatch = Dispatch(
            TransportContext(kind=_TRANSPORT, can_send_request=False, headers=incoming.headers),
            request.id,
            ServerMessageMetadata(request_context=caller),
            token,
            stream,
        )
        answer: dict[str, Any] | None = None
        try:
            async with anyio.create_task_group() as tasks:
                if modern:
                    tasks.start_soon(_until_hung_up, receive, tasks.cancel_scope)
                if stream is not None:
                    tasks.start_soon(stream.keep_alive)
                answer = await self._answered(dispatch, request, connection)
                tasks.cancel_scope.cancel()
        except asyncio.CancelledError:
            # Not by the client, which ends inside: the server ends, and waits no longer.
            answer = {"jsonrpc": "2.0", "id": request.id, "error": _CUT_OFF}
        if answer is None:
            return
        if stream is not None and (stream.begun or not incoming.takes_json):
            await stream.end(answer)
        else:
            await send_json(send, _status(answer) if modern else 200, answer)

    async def _answered(
        self, dispatch: Dispatch, request: mcp.JSONRPCRequest, connection: Connection
    ) -> dict[str, Any]:
        envelope: dict[str, Any] = {"jsonrpc": "2.0", "id": request.id}
        try:
            result = await serve_one(
                self._server,
                dispatch,
                request.method,
                request.params,
                connection=connection,
                lifespan_state=self._lifespan_state,
            )
        except Exception as error:  # noqa: BLE001  # what it says must not reach the wire
            failure = modern_error_data(error).model_dump(mode="json", exclude_none=True)
            return {**envelope, "error": failure}
        return {**envelope, "result": result}

    def _envelope(self, incoming: Incoming, request: mcp.JSONRPCRequest) -> Connection:
        """What a request of 2026-07-28 says about its client. Raises HttpError."""
        headers = incoming.headers
        twice = find_duplicated_routing_header(headers.items())
        if twice is not None:
            message = f"{twice} header appears more than once"
            raise _refused(InboundLadderRejection(mcp.HEADER_MISMATCH, message), request)
        found = classify_inbound_request(incoming.body, headers=dict(headers))
        if isinstance(found, InboundLadderRejection):
            raise _refused(found, request)
        wrong = self._wrong_parameter(headers, request)
        if wrong is not None:
            raise _refused(wrong, request)
        return Connection.from_envelope(
            found.protocol_version, found.client_info, found.client_capabilities
        )

    def _wrong_parameter(
        self, headers: Headers, request: mcp.JSONRPCRequest
    ) -> InboundLadderRejection | None:
        params, lookup = request.params or {}, self._server.get_tool_input_schema
        if request.method != "tools/call" or lookup is None:
            return None
        schema, arguments = lookup(str(params.get("name"))), params.get("arguments")
        if arguments is None:
            arguments = dict[str, Any]()
        if schema is None or not isinstance(arguments, dict):
            return None
        return validate_mcp_param_headers(schema, cast("dict[str, Any]", arguments), headers)


async def _until_hung_up(receive: Receive, scope: anyio.CancelScope) -> None:
    """On 2026-07-28 a client cancels a request by closing its response."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _is_modern(incoming: Incoming) -> bool:
    params: Any = incoming.body.get("params")
    meta: Any = cast("dict[str, Any]", params).get("_meta") if isinstance(params, dict) else None
    if isinstance(meta, dict) and mcp.PROTOCOL_VERSION_META_KEY in meta:
        return True
    # A handshake negotiates, whatever version its header hopes for (MCP, versioning).
    if incoming.body.get("method") == "initialize":
        return False
    version = incoming.headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS


def _handshake(incoming: Incoming) -> Connection:
    """Without a session nothing is known of the client but the version it speaks."""
    version = incoming.headers.get(MCP_PROTOCOL_VERSION_HEADER)
    if version not in HANDSHAKE_PROTOCOL_VERSIONS:
        version = mcp.DEFAULT_NEGOTIATED_VERSION
    return Connection.from_envelope(version, None, None)


def _check_version(headers: Headers) -> None:
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    if version is None or version in HANDSHAKE_PROTOCOL_VERSIONS:
        return
    unsupported = unsupported_protocol_version_rejection(version)
    if unsupported is not None:
        raise _refused(unsupported, None)


def _refused(why: InboundLadderRejection, request: mcp.JSONRPCRequest | None) -> HttpError:
    request_id = None if request is None else request.id
    return HttpError(_http_status(why.code), why.code, why.message, why.data, request_id)


def _status(answer: dict[str, Any]) -> int:
    error: dict[str, Any] | None = answer.get("error")
    return 200 if error is None else _http_status(error["code"])


def _http_status(code: int) -> int:
    return ERROR_CODE_HTTP_STATUS.get(code, 200)

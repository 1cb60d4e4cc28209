"""The emulator's own endpoints: what was asked, what shall go wrong, and what time it is.

They have no key, so they answer only this machine: by its address, by the name the caller used (a
web page can point a name of its own here) and, for a POST, by a content type no form can send.
"""

import json
from ipaddress import ip_address
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sent_mcp.emulator.clock import wire
from sent_mcp.emulator.faults import FaultError, read_faults
from sent_mcp.emulator.state import Emulator

# How the test client of the framework names itself; it has no socket.
_IN_PROCESS = "testclient"


async def show_requests(emulator: Emulator, request: Request) -> Response:
    """GET /__emulator/requests: every API request so far, oldest first."""
    return _refuse(request) or JSONResponse(emulator.log.records())


async def clear_requests(emulator: Emulator, request: Request) -> Response:
    """DELETE /__emulator/requests."""
    refusal = _refuse(request)
    if refusal is None:
        emulator.log.clear()
    return refusal or Response(status_code=204)


async def set_faults(emulator: Emulator, request: Request) -> Response:
    """POST /__emulator/faults: replaces all faults."""
    refusal = _refuse(request) or _refuse_form(request)
    if refusal is not None:
        return refusal
    try:
        faults = read_faults(_parsed(await request.body()))
    except FaultError as problem:
        return _bad(str(problem))
    emulator.faults.replace(faults)
    return JSONResponse({"faults": len(faults)})


async def advance_clock(emulator: Emulator, request: Request) -> Response:
    """POST /__emulator/clock: moves the emulated time forward."""
    refusal = _refuse(request) or _refuse_form(request)
    if refusal is not None:
        return refusal
    body = _parsed(await request.body())
    given = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    seconds = given.get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        return _bad("advance_seconds must be a number from 0 on")
    if not emulator.clock.advance(seconds):
        return _bad("advance_seconds is more than ten years in all")
    return JSONResponse({"now": wire(emulator.clock.now())})


def _refuse(request: Request) -> Response | None:
    client = request.client
    if client is None or client.host == _IN_PROCESS:
        return None
    if _is_loopback(client.host) and _is_loopback(request.url.hostname or ""):
        return None
    return JSONResponse({"error": "only from this machine, by a loopback name"}, 403)


def _refuse_form(request: Request) -> Response | None:
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() == "application/json":
        return None
    return JSONResponse({"error": "Content-Type must be application/json"}, 415)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _bad(problem: str) -> Response:
    return JSONResponse({"error": problem}, 400)

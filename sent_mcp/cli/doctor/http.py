"""Whether `serve --transport http` would start under these settings, and who could come in."""

import errno
import os
import socket

from sent_mcp.cli.doctor.findings import Check, sentence
from sent_mcp.cli.doctor.secrets import without_numbers
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings, load_http_settings
from sent_mcp.settings import Settings

PREFIX = "SENT_MCP_HTTP_"
_CORRECT = "Correct that, or start it with other flags."


def http_check(settings: Settings, *, demo: bool) -> Check:
    """What would come of it. The address is taken for a moment, and nobody is let in."""
    from sent_mcp.cli.serve_http import refuse_together
    from sent_mcp.cli.start_warnings import about_http

    try:
        http = load_http_settings()
        refuse_together(settings, http, demo=demo)
    except SettingsError as error:
        said = f"Over HTTP it does not start: {error.message}"
        return Check("http", "wrong", sentence(said), _CORRECT)
    where = f"[{http.host}]:{http.port}" if ":" in http.host else f"{http.host}:{http.port}"
    said = f"Over HTTP it would serve http://{where}/mcp, {_who(http)}."
    problem = _address_problem(http)
    if problem == errno.EADDRINUSE:
        taken = f"{said} Something listens there already: this server, perhaps."
        return Check("http", "warning", taken, "If it is something else, set another port.")
    if problem is not None:
        said = f"Over HTTP it does not start: {where} cannot be listened on"
        return Check("http", "wrong", f"{said} ({os.strerror(problem)}).", _CORRECT)
    warnings = about_http(settings, http)
    if warnings:
        return Check("http", "warning", " ".join([said, *warnings]), "Read the warning above.")
    return Check("http", "ok", said)


def _who(http: HttpSettings) -> str:
    if http.access == "tokens":
        names = ", ".join(each.name for each in http.tokens)
        return without_numbers(f"for who has a token: {names}")
    if http.access == "passthrough":
        return "for who brings a Sent key of their own"
    if http.access == "jwt":
        return f"for who has a token that {http.jwt_issuer} signed for {http.jwt_audience}"
    return "for everybody on this machine, without a credential"


def _address_problem(http: HttpSettings) -> int | None:
    """Why the address cannot be had, as an error number."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            if os.name == "posix":
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((http.host, http.port))
    except OSError as error:
        return error.errno or errno.EINVAL
    return None

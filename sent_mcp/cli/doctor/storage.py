"""Where approvals and the audit log are kept: whether they could be, without making anything."""

import os
from pathlib import Path

import anyio.to_thread

from sent_mcp.cli.doctor.findings import Check, sentence
from sent_mcp.cli.doctor.setting_words import short_path
from sent_mcp.errors import SettingsError
from sent_mcp.private_file import NotPrivateError, is_open_to_others, open_own
from sent_mcp.settings import Settings
from sent_mcp.state import MEMORY, SCHEMA_VERSION, StateError, inspect_file, inspect_redis

_STDERR = "-"
_OTHER_STATE = "Move away what is there, or let SENT_MCP_STATE name another file."
_BUSY_STATE = "See which process keeps it locked, wait for that or end it, then try again."
_OTHER_LOG = "Move away what is there, or let SENT_MCP_AUDIT_LOG name another file."
_REDIS = "See to the Redis that SENT_MCP_STATE names, and to user and password in it."
_POLICY = "Set the Redis's maxmemory-policy to noeviction."


async def state_check(settings: Settings) -> Check:
    """The store of approvals and of what was sent. Guarded calls are refused without it."""
    place = settings.state_location
    if place == MEMORY:
        said = "State is in memory: approvals and what was sent are forgotten at the end."
        return Check("state", "ok", said)
    if settings.shares_state:
        return await _redis_check(str(place))
    return await anyio.to_thread.run_sync(_file_check, Path(place))


def audit_check(settings: Settings) -> Check | None:
    """The audit log; None where there is none."""
    if settings.audit_log is None:
        return None
    if settings.audit_log == _STDERR:
        return Check("audit_log", "ok", "The audit log goes to stderr.")
    return _log_check(Path(settings.audit_log).expanduser())


def _file_check(path: Path) -> Check:
    shown = short_path(path)
    try:
        found = inspect_file(path)
    except StateError as error:
        # What is locked is in use, and holds what must not be lost.
        advice = _BUSY_STATE if "is locked" in error.sentence else _OTHER_STATE
        return Check("state", "wrong", sentence(f"{error.sentence} ({shown})"), advice)
    if found is None:
        return _missing("state", f"State goes to {shown}", path, "SENT_MCP_STATE")
    if found.open_to_others:
        said = f"Others on this machine may read the state file {shown}, until its next use."
        return Check("state", "warning", said, "Let only yourself read it: chmod 600.")
    newer = "" if found.version in (0, SCHEMA_VERSION) else ", made newer at its next use"
    said = f"State is in {shown}, for you alone (schema {found.version or SCHEMA_VERSION}{newer})."
    return Check("state", "ok", said)


async def _redis_check(url: str) -> Check:
    try:
        found = await inspect_redis(url)
    except SettingsError as error:
        return Check("state", "wrong", sentence(error.message), "Install the extra.")
    except StateError as error:
        return Check("state", "wrong", sentence(error.sentence), _REDIS)
    version = "of a version it does not tell" if found.version is None else found.version
    if found.policy not in (None, "noeviction"):
        said = (
            f"State is in a Redis {version}, which may drop what was sent and approved when it is"
            f" full (maxmemory-policy {found.policy})."
        )
        return Check("state", "warning", said, _POLICY)
    policy = "" if found.policy is None else ", which keeps everything when it is full (noeviction)"
    return Check("state", "ok", f"State is in a Redis {version}{policy}.")


def _log_check(path: Path) -> Check:
    shown = short_path(path)
    if not os.path.lexists(path):
        return _missing("audit_log", f"The audit log goes to {shown}", path, "SENT_MCP_AUDIT_LOG")
    try:
        descriptor = open_own(path, os.O_RDWR | os.O_APPEND)
    except NotPrivateError as error:
        return Check("audit_log", "wrong", f"The audit log {error} ({shown}).", _OTHER_LOG)
    except OSError as error:
        said = f"The audit log cannot be written: {error.strerror} ({shown})."
        return Check("audit_log", "wrong", said, _OTHER_LOG)
    open_to_others = is_open_to_others(descriptor)
    os.close(descriptor)
    if open_to_others:
        said = f"Others on this machine may read the audit log {shown}, until its next line."
        return Check("audit_log", "warning", said, "Let only yourself read it: chmod 600.")
    return Check("audit_log", "ok", f"The audit log goes on in {shown}, for you alone.")


def _missing(name: str, said: str, path: Path, variable: str) -> Check:
    """The finding for a file that is to be made: whether it could be."""
    problem = _folder_problem(path)
    if problem is None:
        when = "change" if name == "audit_log" else "question"
        return Check(name, "ok", f"{said}, which is made at the first {when}.")
    return Check(name, "wrong", f"{said}, but {problem}.", f"Let {variable} name another place.")


def _folder_problem(path: Path) -> str | None:
    folder = next(each for each in path.absolute().parents if os.path.lexists(each))
    if not folder.is_dir():
        return f"{short_path(folder)} is no folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{short_path(folder)} may not be written to"
    return None

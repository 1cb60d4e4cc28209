"""Does all checks, prints what they found, and ends with the exit code."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Never

import anyio

from sent_mcp.cli.doctor.api import api_checks, unasked_checks
from sent_mcp.cli.doctor.environment import Environment, read_environment
from sent_mcp.cli.doctor.findings import Check, Report, cleaned
from sent_mcp.cli.doctor.http import PREFIX, http_check
from sent_mcp.cli.doctor.installed import installed_checks
from sent_mcp.cli.doctor.key import Key, look_at_key
from sent_mcp.cli.doctor.printing import print_report
from sent_mcp.cli.doctor.secrets import without_secrets
from sent_mcp.cli.doctor.storage import audit_check, state_check
from sent_mcp.cli.launch import launch_emulator
from sent_mcp.cli.outcome import print_json
from sent_mcp.settings import Settings

_START = "Put it into your MCP host: `sent-mcp install HOST`, or the command above."
_DEMO = "Put it into your MCP host: `sent-mcp install HOST --demo`, or set SENT_API_KEY."
_UNREAD = "the settings cannot be read"


async def run_doctor(*, demo: bool, as_json: bool) -> Never:
    """Report, and leave from inside the loop: its end would wait for names that are looked up."""
    # What it would warn of is a finding here.
    logging.getLogger("sent_mcp").addHandler(logging.NullHandler())
    report = await examine(os.environ, demo=demo)
    # Nobody may be there to read it.
    with suppress(OSError):
        if as_json:
            print_json(report.json)
        else:
            print_report(report)
        sys.stdout.flush()
    os._exit(report.exit_code)


async def examine(variables: Mapping[str, str], *, demo: bool) -> Report:
    """Everything that can be found out about this setup, without secrets and phone numbers."""
    found = read_environment(variables, demo=demo)
    key = Key(None, (Check("key", "not_checked", f"The key: {_UNREAD}."),))
    rest = [*unasked_checks(_UNREAD), Check("state", "not_checked", f"The state: {_UNREAD}.")]
    if found.settings is not None:
        brought = found.http is not None and found.http.access == "passthrough"
        key = look_at_key(found.settings, variables, demo=demo, brought=brought)
        rest = await _outside(found, found.settings, key.value, variables, demo=demo)
    clean = without_secrets(variables, [key.value or ""])
    checks = [*installed_checks(), *found.checks, *key.checks, *rest]
    return Report(tuple(cleaned(check, clean) for check in checks), _DEMO if demo else _START)


async def _outside(
    found: Environment,
    settings: Settings,
    key: str | None,
    variables: Mapping[str, str],
    *,
    demo: bool,
) -> list[Check]:
    """What lies outside this process: the API and the store are asked at the same time."""
    emulator = launch_emulator(demo=demo, demo_db=None)
    api: list[Check] = []
    stored: list[Check] = []

    async def ask_api() -> None:
        api.extend(await api_checks(settings, key, emulator))

    async def look_at_store() -> None:
        stored.append(await state_check(settings))

    async with anyio.create_task_group() as both:
        both.start_soon(ask_api)
        both.start_soon(look_at_store)
    log = audit_check(settings)
    checks = [*api, *stored, *([] if log is None else [log])]
    over_http = any(name.startswith(PREFIX) and value for name, value in variables.items())
    if over_http and found.http is not None:
        checks.append(http_check(settings, demo=demo))
    return checks

"""`sent-mcp check`: who in a file of numbers can be reached on WhatsApp, who on SMS."""

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sent_mcp import phone
from sent_mcp.cli.check_draft import draft_of, remove_draft
from sent_mcp.cli.check_input import Sheet, read_sheet
from sent_mcp.cli.check_journal import SUFFIX, Journal, JournalError
from sent_mcp.cli.check_output import Format
from sent_mcp.cli.check_run import Run
from sent_mcp.cli.check_signals import run_until_stopped
from sent_mcp.cli.check_text import STDIN
from sent_mcp.cli.launch import launch_emulator, launch_settings
from sent_mcp.cli.outcome import FAILED, UsageError
from sent_mcp.client import ApiKey
from sent_mcp.connecting import build_client, connections_to
from sent_mcp.errors import SettingsError
from sent_mcp.serving.logs import log_to_stderr
from sent_mcp.settings import Settings

_CALL_SECONDS = 120.0
"""For one request, with the wait for a budget that is counted by the minute."""
_NO_TEXT = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers", ".parquet")


class _NoKeyError(SettingsError):
    """There is no key; but this command has a demo of its own."""

    @property
    def advice(self) -> str:
        return "Set SENT_API_KEY, or give --demo, which needs no key."


@dataclass(frozen=True)
class Order:
    """The words of the command."""

    file: str
    column: str | None = None
    region: str | None = None
    encoding: str | None = None
    out: str | None = None
    form: Format | None = None
    demo: bool = False
    demo_db: str | None = None


async def check_file(order: Order) -> int:
    """Check the numbers of a file and write what is known of each; the exit code.

    Raises UsageError for words, a file or an output that cannot be used, and SettingsError.
    """
    demo = order.demo or order.demo_db is not None
    settings = launch_settings(demo=demo)
    log_to_stderr(settings.log_level)
    if settings.api_version != "v3":
        raise UsageError("SENT_API_VERSION=v1: the legacy API cannot check a file; use v3")
    region = _region(order, settings)
    out, form = _out(order), _form(order)
    sheet = read_sheet(order.file, order.column, order.encoding, region)
    for note in sheet.notes:
        print(note, file=sys.stderr)
    key = ApiKey(settings.read_key)
    account = _demo(order) if demo else _account(settings, key)
    emulator = launch_emulator(demo=demo, demo_db=order.demo_db)
    connections = connections_to(settings, emulator)
    client = build_client(
        settings,
        key,
        connections,
        timeout=_CALL_SECONDS,
        profile_id=settings.profile_id,
    )
    journal = None
    if out is not None:
        journal = _journal(out, _fingerprint(sheet, order.column, region, account))
    run = Run(sheet, region, client, connections, journal)
    try:
        return await _finished(run, out, form)
    finally:
        run.close()


async def _finished(run: Run, out: Path | None, form: Format) -> int:
    async def end() -> None:
        run.end(out, form)

    stopped = await run_until_stopped(run.work)
    if stopped is None and out is not None:
        # Ctrl-C waits for the file; but not for a reader of standard output.
        stopped = await run_until_stopped(end)
    elif stopped is None:
        await end()
    if run.code is None and stopped is not None:
        run.end_stopped(stopped)
    return FAILED if run.code is None else run.code


def _demo(order: Order) -> str:
    return f"demo {os.path.realpath(order.demo_db)}" if order.demo_db else "demo"


def _account(settings: Settings, key: ApiKey) -> str:
    try:
        return f"{key.fingerprint()} {settings.base_url} {settings.profile_id}"
    except SettingsError as error:
        if error.code != "MISSING_KEY":
            raise
        raise _NoKeyError(error.message) from None


def _region(order: Order, settings: Settings) -> str | None:
    if order.region is None:
        return settings.default_region
    region = order.region.strip().upper()
    if not phone.is_region(region):
        raise UsageError(f"--region: {order.region!r} is no region; use two letters like US or DE")
    return region


def _form(order: Order) -> Format:
    if order.out is None:
        return order.form or ("table" if sys.stdout.isatty() else "csv")
    if order.form == "table":
        raise UsageError("--format table is for the terminal; --out takes csv or json")
    return order.form or ("json" if order.out.lower().endswith(".json") else "csv")


def _out(order: Order) -> Path | None:
    """The file to write, all links followed. Raises UsageError where it cannot be one."""
    if order.out is None:
        return None
    try:
        out = Path(order.out).resolve()
        if out.is_symlink():
            # Python 3.13 stops at a loop of links, where others raise this themselves.
            raise RuntimeError
        problem = _problem(out, order.file)
    except (OSError, RuntimeError) as error:
        problem = f"cannot be written: {getattr(error, 'strerror', 'a loop of links')}"
        raise UsageError(f"--out: {order.out!r} {problem}") from error
    if problem:
        raise UsageError(f"--out: {order.out!r} {problem}")
    return out


def _problem(out: Path, file: str) -> str | None:
    if out.name == STDIN:
        return "is no file; without --out all is written to standard output"
    if out.exists() and not out.is_file():
        return "is not an ordinary file"
    if out.suffix.lower() in _NO_TEXT:
        return f"would be no {out.suffix} file: CSV or JSON is written, to a name like 'x.csv'"
    if out.suffix.lower() == SUFFIX:
        return f"would be taken for the journal of another run; name one without {SUFFIX}"
    if not out.parent.is_dir():
        return f"cannot be written: there is no folder {str(out.parent)!r}"
    if _is_input(out, file):
        return "is the input itself; name another"
    if _is_input(_beside(out), file):
        return f"would have {str(_beside(out))!r} for its journal, the input itself; name another"
    return None


def _is_input(path: Path, file: str) -> bool:
    with suppress(OSError):
        given = os.fstat(0) if file == STDIN else os.stat(file)
        return os.path.samestat(given, path.stat())
    return False


def _beside(out: Path) -> Path:
    """Where its journal is."""
    return out.with_name(out.name + SUFFIX)


def _fingerprint(sheet: Sheet, column: str | None, region: str | None, account: str) -> str:
    """What a journal must agree in: any change of it may change the numbers or the answers."""
    read = hashlib.sha256(sheet.source.content).hexdigest()
    parts = [read, sheet.source.encoding, column, region, account]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _journal(out: Path, fingerprint: str) -> Journal:
    """The journal, held; what a killed run has left beside it is removed."""
    try:
        journal = Journal.open(_beside(out), fingerprint)
    except JournalError as error:
        raise UsageError(f"--out: {error}") from error
    try:
        remove_draft(out)
    except OSError as error:
        journal.close(remove=not journal.count)
        problem = f"{str(draft_of(out))!r} cannot be removed: {error.strerror}"
        raise UsageError(f"--out: {problem}") from error
    return journal

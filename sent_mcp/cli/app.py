"""The commands for people. `serve` has a parser of its own, without typer."""

import sys
from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar

import anyio
import typer

from sent_mcp import __version__
from sent_mcp.errors import SettingsError

app = typer.Typer(
    name="sent-mcp",
    help="MCP server for Sent (sent.dm) contacts. Without a command it serves MCP on stdio.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Demo = Annotated[bool, typer.Option("--demo", help="Use the embedded emulator; needs no key.")]
DemoDb = Annotated[str | None, typer.Option(help="Like --demo, and keep its data in this file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Outcome = TypeVar("Outcome")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sent-mcp {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def serve(context: typer.Context) -> None:
    """Serve MCP on stdio (`sent-mcp serve --help` lists its flags)."""
    from sent_mcp.cli.serve import serve as run_server

    raise typer.Exit(run_server(context.args))


@app.command()
def demo() -> None:
    """See it work in a minute: asks a real server about an emulated address book."""
    from sent_mcp.cli.demo import run_demo

    raise typer.Exit(anyio.run(run_demo))


@app.command()
def tools(demo: Demo = False, demo_db: DemoDb = None, as_json: AsJson = False) -> None:
    """Show the tools a host would see."""
    from sent_mcp.cli.call import print_tools

    raise typer.Exit(_finished(print_tools(demo=demo, demo_db=demo_db, as_json=as_json)))


@app.command()
def call(
    tool: Annotated[str, typer.Argument(help="The tool's name.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its arguments.")
    ] = None,
    args: Annotated[str | None, typer.Option(help="Arguments as one JSON object.")] = None,
    demo: Demo = False,
    demo_db: DemoDb = None,
    as_json: AsJson = False,
) -> None:
    """Call one tool through MCP. Exit code: 0 done, 3 confirmation needed, 2 usage, 1 else."""
    from sent_mcp.cli.call import UsageError, call_tool, parse_arguments

    try:
        given = parse_arguments(arguments or [], args)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from error
    done = call_tool(tool, given, demo=demo, demo_db=demo_db, as_json=as_json)
    raise typer.Exit(_finished(done))


@app.command()
def emulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8787,
    db: Annotated[str | None, typer.Option(help="Keep its data in this file.")] = None,
    contacts: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many.")] = 150,
    latency_ms: Annotated[int, typer.Option(min=0, help="Wait before each answer.")] = 0,
    strict_phones: Annotated[
        bool, typer.Option("--strict-phones", help="Refuse numbers nobody can have.")
    ] = False,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Answer 429 above this; none: no limit.")
    ] = None,
    api_key: Annotated[str, typer.Option(help="The key it takes.")] = "sk_test_emulator",
) -> None:
    """Run the emulated Sent API alone, for any SDK."""
    from sent_mcp.cli.emulator import run_emulator
    from sent_mcp.emulator import create_app

    if not _is_address(host):
        raise typer.BadParameter(f"{host!r} is no address; use 127.0.0.1")
    emulated = create_app(
        database=db or ":memory:",
        contacts=contacts,
        latency_ms=latency_ms,
        strict_phones=strict_phones,
        requests_per_minute=requests_per_minute,
        api_key=api_key,
    )
    raise typer.Exit(anyio.run(run_emulator, emulated, host, port))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _finished(work: Coroutine[Any, Any, int]) -> int:
    async def run() -> int:
        return await work

    try:
        return anyio.run(run)
    except SettingsError as error:
        print(f"sent-mcp: {error}", file=sys.stderr)
        return 1

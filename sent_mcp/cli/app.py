"""The commands for people. `serve` has a parser of its own, without typer."""

from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Annotated, Any, Literal, NoReturn

import anyio
import typer

from sent_mcp import __version__
from sent_mcp.cli.help_pages import HelpedCommand, HelpedGroup
from sent_mcp.cli.nearest import did_you_mean
from sent_mcp.errors import SettingsError
from sent_mcp.hosts import HOSTS, HostName

app = typer.Typer(
    name="sent-mcp",
    cls=HelpedGroup,
    help="An MCP server for Sent (sent.dm): an assistant sees which of your contacts are on "
    "WhatsApp or only get SMS, adds and updates them, and sends to them once you agree.",
    epilog="`sent-mcp help COMMAND` tells more of each. Without a command it serves MCP on stdin "
    "and stdout, the way a host starts it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Demo = Annotated[bool, typer.Option("--demo", help="Use the embedded emulator; needs no key.")]
DemoDb = Annotated[
    str | None, typer.Option(metavar="PATH", help="Like --demo, and keep its data in this file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _host(name: str) -> str:
    if name not in HOSTS:
        near = did_you_mean(name, HOSTS)
        raise typer.BadParameter(f"no host {name!r}{near} There are: {', '.join(HOSTS)}.")
    return name


def _address(host: str) -> str:
    if host != "localhost":
        try:
            ip_address(host)
        except ValueError as error:
            raise typer.BadParameter(f"{host!r} is no address; use 127.0.0.1") from error
    return host


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


@app.command(cls=HelpedCommand)
def serve() -> None:
    """Serve MCP on stdio, or over HTTP for a team."""
    # Only listed here: `__main__` runs it, without loading this module.


@app.command(cls=HelpedCommand)
def demo() -> None:
    """See it work: asks a real server what people ask. Needs no account.

    It runs on an emulated address book, checks every answer, and takes ten seconds.
    """
    from sent_mcp.cli.demo import run_demo

    raise typer.Exit(anyio.run(run_demo))


@app.command(cls=HelpedCommand)
def tools(demo: Demo = False, demo_db: DemoDb = None, as_json: AsJson = False) -> None:
    """Show the tools a host would see, with their arguments."""
    from sent_mcp.cli.call import print_tools

    _finish(print_tools(demo=demo, demo_db=demo_db, as_json=as_json), as_json)


@app.command(cls=HelpedCommand)
def call(
    tool: Annotated[
        str, typer.Argument(metavar="TOOL", help="The tool's name, as `sent-mcp tools` lists it.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Its arguments, as many as it takes; a list is JSON."
        ),
    ] = None,
    args: Annotated[
        str | None, typer.Option(metavar="JSON", help="Its arguments as one JSON object.")
    ] = None,
    demo: Demo = False,
    demo_db: DemoDb = None,
    as_json: AsJson = False,
) -> None:
    """Call one tool through MCP, as a host would.

    What changes something goes to the real account, unless there is --demo.
    """
    from sent_mcp.cli.call import call_tool

    pairs = arguments or []
    done = call_tool(tool, pairs, args, demo=demo, demo_db=demo_db, as_json=as_json)
    _finish(done, as_json)


@app.command(cls=HelpedCommand)
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="One number per line, or a CSV; - is stdin.")
    ],
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of a CSV with the numbers.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="XX", help="The region of numbers without +, like US."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the result here, and go on from here.")
    ] = None,
    form: Annotated[
        Literal["table", "csv", "json"] | None,
        typer.Option(
            "--format",
            metavar="table|csv|json",
            help="Without it a table on a terminal, else CSV.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The encoding of FILE, like cp1252; UTF-8 is found."),
    ] = None,
    demo: Demo = False,
    demo_db: DemoDb = None,
) -> None:
    """Check a file of numbers: who is on WhatsApp, who only gets SMS.

    Every row and column of the file stays, with a verdict beside it. Started again after Ctrl-C
    with the same --out, it asks only for the rest.
    """
    from sent_mcp.cli.check import Order, check_file

    order = Order(file, column, region, encoding, out, form, demo, demo_db)
    _finish(check_file(order), as_json=False)


@app.command(cls=HelpedCommand)
def install(
    host: Annotated[
        HostName,
        typer.Argument(metavar="HOST", parser=_host, help=f"One of {', '.join(HOSTS)}."),
    ],
    demo: Demo = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only show the entry, and where it belongs.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take our entry out again.")] = False,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Write the key itself into the settings.")
    ] = False,
) -> None:
    """Put this server into the settings of an MCP host.

    Everything else in them stays as it is, and a copy is kept beside the file.
    """
    from sent_mcp.cli.install import Order, install

    order = Order(host, demo, only_print, remove, with_key)
    _finish(install(order), as_json=False)


@app.command(cls=HelpedCommand)
def doctor(demo: Demo = False, as_json: AsJson = False) -> None:
    """Tell whether this setup works, and what to do where it does not.

    Looks at the settings, the key, the way to Sent, the clock and the state store. Asks Sent once,
    and changes nothing.
    """
    from sent_mcp.cli.doctor.run import run_doctor

    async def run() -> None:
        await run_doctor(demo=demo, as_json=as_json)

    anyio.run(run)


@app.command(cls=HelpedCommand)
def emulator(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", parser=_address, help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="N", help="The port; 0 takes a free one."),
    ] = 8787,
    db: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep its data in this file.")
    ] = None,
    contacts: Annotated[
        int,
        typer.Option(min=0, max=1_000_000, metavar="N", help="How many a new address book has."),
    ] = 150,
    latency_ms: Annotated[
        int, typer.Option(min=0, metavar="N", help="Milliseconds before each answer.")
    ] = 0,
    strict_phones: Annotated[
        bool, typer.Option("--strict-phones", help="Refuse numbers nobody can have.")
    ] = False,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Answer 429 above this; no limit without."),
    ] = None,
    api_key: Annotated[
        str, typer.Option(metavar="KEY", help="The key it takes.")
    ] = "sk_test_emulator",
) -> None:
    """Run the emulated Sent API alone, for any SDK.

    It keeps state, refuses what Sent refuses, and sends nothing to anybody.
    """
    from sent_mcp.cli.emulator import run_emulator
    from sent_mcp.emulator import create_app

    emulated = create_app(
        database=db or ":memory:",
        contacts=contacts,
        latency_ms=latency_ms,
        strict_phones=strict_phones,
        requests_per_minute=requests_per_minute,
        api_key=api_key,
    )
    raise typer.Exit(anyio.run(run_emulator, emulated, host, port))


def _finish(work: Coroutine[Any, Any, int], as_json: bool) -> NoReturn:
    from sent_mcp.cli.outcome import FAILED, USAGE, UsageError, print_error

    async def run() -> int:
        return await work

    try:
        code = anyio.run(run)
    except UsageError as error:
        print_error(f"USAGE: {error}", as_json=as_json)
        code = USAGE
    except SettingsError as error:
        print_error(str(error), as_json=as_json)
        code = FAILED
    raise typer.Exit(code)

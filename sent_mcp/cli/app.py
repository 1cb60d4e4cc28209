"""The commands for people. `serve` has a parser of its own, without typer."""

from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Annotated, Any, Literal, NoReturn

import anyio
import typer

from sent_mcp import __version__
from sent_mcp.errors import SettingsError
from sent_mcp.hosts import HostName

app = typer.Typer(
    name="sent-mcp",
    help="MCP server for Sent (sent.dm) contacts. Without a command it serves MCP on stdio.",
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


@app.command()
def serve() -> None:
    """Serve MCP on stdio; see `sent-mcp serve --help`."""
    # Only listed here: `__main__` runs it, without loading this module.


@app.command()
def demo() -> None:
    """See it work: asks a real server what people ask."""
    from sent_mcp.cli.demo import run_demo

    raise typer.Exit(anyio.run(run_demo))


@app.command()
def tools(demo: Demo = False, demo_db: DemoDb = None, as_json: AsJson = False) -> None:
    """Show the tools a host would see."""
    from sent_mcp.cli.call import print_tools

    _finish(print_tools(demo=demo, demo_db=demo_db, as_json=as_json), as_json)


@app.command()
def call(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool's name.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Its arguments; a list is JSON."),
    ] = None,
    args: Annotated[
        str | None, typer.Option(metavar="JSON", help="Its arguments as one JSON object.")
    ] = None,
    demo: Demo = False,
    demo_db: DemoDb = None,
    as_json: AsJson = False,
) -> None:
    """Call one tool through MCP.

    Exit code: 0 done, 3 confirmation needed, 2 wrong usage, 1 anything else.
    """
    from sent_mcp.cli.call import call_tool

    pairs = arguments or []
    done = call_tool(tool, pairs, args, demo=demo, demo_db=demo_db, as_json=as_json)
    _finish(done, as_json)


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A number per line, or a CSV; - is stdin.")
    ],
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of a CSV with the numbers.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="XX", help="Where numbers without + belong, like US."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write here; stopped, it can go on.")
    ] = None,
    form: Annotated[
        Literal["table", "csv", "json"] | None,
        typer.Option("--format", help="Without it: a table on a terminal, else CSV."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="How FILE is written; UTF-8 is found.")
    ] = None,
    demo: Demo = False,
    demo_db: DemoDb = None,
) -> None:
    """Check a file of numbers: who is on WhatsApp, who only gets SMS.

    Exit code: 0 every number decided, 1 not all, 2 wrong usage or input, 130 stopped by Ctrl-C, 143
    by SIGTERM.

    Example: sent-mcp check people.csv --column mobile --out said.csv
    """
    from sent_mcp.cli.check import Order, check_file

    order = Order(file, column, region, encoding, out, form, demo, demo_db)
    _finish(check_file(order), as_json=False)


@app.command()
def install(
    host: Annotated[HostName, typer.Argument(metavar="HOST", help="Whose settings.")],
    demo: Demo = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Only show the entry, and where it belongs.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take our entry out again.")] = False,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Write the key into the file, readable.")
    ] = False,
) -> None:
    """Put this server into the settings of an MCP host.

    Everything else in them stays as it is, and a copy is kept beside the file.

    Exit code: 0 done or nothing to do, 1 refused, 2 wrong usage.

    Example: sent-mcp install claude-code --demo
    """
    from sent_mcp.cli.install import Order, install

    order = Order(host, demo, only_print, remove, with_key)
    _finish(install(order), as_json=False)


@app.command()
def doctor(demo: Demo = False, as_json: AsJson = False) -> None:
    """Tell whether this setup works, and what to do where it does not.

    Looks at the settings, the key, the way to Sent, the clock and the state store. Asks Sent once,
    and changes nothing.

    Exit code: 0 usable, 1 not usable, 2 settings that cannot be read, or wrong usage.
    """
    from sent_mcp.cli.doctor.run import run_doctor

    async def run() -> None:
        await run_doctor(demo=demo, as_json=as_json)

    anyio.run(run)


@app.command()
def emulator(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="0 takes a free one.")
    ] = 8787,
    db: Annotated[
        str | None, typer.Option(metavar="PATH", help="Keep its data in this file.")
    ] = None,
    contacts: Annotated[
        int, typer.Option(min=0, max=1_000_000, metavar="N", help="How many a new one has.")
    ] = 150,
    latency_ms: Annotated[
        int, typer.Option(min=0, metavar="N", help="Wait before each answer.")
    ] = 0,
    strict_phones: Annotated[
        bool, typer.Option("--strict-phones", help="Refuse numbers nobody can have.")
    ] = False,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Answer 429 above this.")
    ] = None,
    api_key: Annotated[
        str, typer.Option(metavar="KEY", help="The key it takes.")
    ] = "sk_test_emulator",
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

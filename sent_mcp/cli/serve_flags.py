"""The command line of `sent-mcp serve`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from sent_mcp import __version__
from sent_mcp.cli.help_endings import bold, ending
from sent_mcp.cli.nearest import did_you_mean
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings

_OWN = ("--demo", "--demo-db", "--transport", "--help", "--version")


@dataclass(frozen=True)
class ServeFlags:
    """What a command line says; a flag that was not given is None.

    `listener` is the descriptor of a socket that listens already: the process is one of several
    that `parent` has started.
    """

    transport: str
    demo: bool
    demo_db: str | None
    listener: int | None
    parent: int | None
    settings: dict[str, object]
    http: dict[str, object]


def parse_flags(arguments: Sequence[str]) -> ServeFlags:
    """Read a command line; exits with 2 and the reason on stderr where it makes no sense."""
    parser = _parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        # What stands behind a flag may be a token, and stderr goes into a host's log.
        flags_only = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        said = " ".join(flags_only or unknown)
        parser.error(f"unrecognized arguments: {said}{_meant(unknown[0])}")
    given = vars(known)
    http = {name: given[name] for name in flags(HttpSettings)}
    if given["transport"] != "http":
        for name, value in http.items():
            if value is not None:
                parser.error(f"{flag_of(name)} needs --transport http")
    return ServeFlags(
        given["transport"],
        given["demo"] or given["demo_db"] is not None,
        given["demo_db"],
        given["listener"],
        given["parent"],
        {name: given[name] for name in flags(Settings)},
        http,
    )


def _meant(word: str) -> str:
    flag, _, _ = word.partition("=")
    settings = [flag_of(name) for model in (Settings, HttpSettings) for name in flags(model)]
    # What is near to a negation may be the opposite of it.
    near = "" if flag.startswith("--no-") else did_you_mean(flag, [*_OWN, *settings])
    return near.removesuffix(".")


class _Parser(argparse.ArgumentParser):
    """Its titles are written as in the help of the other commands."""

    def format_usage(self) -> str:
        return super().format_usage().replace("usage:", "Usage:", 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage:", "Usage:", 1)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sent-mcp serve",
        usage="sent-mcp serve [--demo | --demo-db PATH] [--transport http] [SETTINGS]",
        description="Serve MCP on stdin and stdout, the way a host starts it, or over HTTP.\n"
        "`sent-mcp` alone does the same.",
        epilog=ending("serve"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    _add_options(parser)
    _add(
        parser,
        "Settings",
        "Each can also come from the variable in brackets; the flag wins. The key has\n"
        "no flag: it comes from SENT_API_KEY, or from the file named by\n"
        "SENT_API_KEY_FILE.",
        Settings,
    )
    _add(
        parser,
        "HTTP settings",
        "Only with --transport http. Tokens have no flag: they come from\nSENT_MCP_HTTP_TOKENS.",
        HttpSettings,
    )
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(bold("Options"))
    group.add_argument("--demo", action="store_true", help="Use an embedded emulator; no key")
    group.add_argument("--demo-db", metavar="PATH", help="Like --demo, and keep its data here")
    group.add_argument(
        "--transport",
        choices=("stdio", "http"),
        default="stdio",
        metavar="stdio|http",
        help="http: serve at http://HOST:PORT/mcp for a team; default stdio",
    )
    group.add_argument("-h", "--help", action="help", help="Show this message")
    version = f"sent-mcp {__version__}"
    group.add_argument("--version", action="version", version=version, help="Show the version")
    for hidden in ("--listener", "--parent"):
        group.add_argument(hidden, type=int, help=argparse.SUPPRESS)


def _add(parser: argparse.ArgumentParser, title: str, said: str, model: type[BaseSettings]) -> None:
    group = parser.add_argument_group(bold(title), said)
    for name, info in flags(model).items():
        variable = variable_of(model, name)
        described = f"{info.description} ({variable}{_default(info)})".replace("%", "%%")
        if info.annotation is bool:
            group.add_argument(flag_of(name), action=argparse.BooleanOptionalAction, help=described)
        else:
            group.add_argument(flag_of(name), metavar=_metavar(info), help=described)


def _metavar(info: FieldInfo) -> str:
    options = [each for each in get_args(info.annotation) if get_origin(each) is Literal]
    if get_origin(info.annotation) is Literal or options:
        return "|".join(get_args(options[0] if options else info.annotation))
    return "N" if info.annotation is int or info.annotation is float else "TEXT"


def _default(info: FieldInfo) -> str:
    default: str | float | tuple[str, ...] | None = info.default
    if not default:
        return ""
    if default is True:
        return ", default true"
    return f", default {','.join(default) if isinstance(default, tuple) else default}"

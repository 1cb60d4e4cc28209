"""The command line of `sent-mcp serve`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings


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
    given = vars(parser.parse_args(arguments))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sent-mcp serve",
        usage="sent-mcp serve [--demo | --demo-db PATH] [--transport http] [SETTINGS]",
        description="Serve MCP on stdin and stdout, the way an MCP host starts it, or over HTTP.",
        allow_abbrev=False,
    )
    parser.add_argument("--demo", action="store_true", help="Use an embedded emulator; no key")
    parser.add_argument("--demo-db", metavar="PATH", help="Like --demo, and keep its data here")
    parser.add_argument(
        "--transport",
        choices=("stdio", "http"),
        default="stdio",
        help="http: serve at http://HOST:PORT/mcp for a team; default stdio",
    )
    for hidden in ("--listener", "--parent"):
        parser.add_argument(hidden, type=int, help=argparse.SUPPRESS)
    _add(
        parser,
        "settings",
        "Each can also come from the variable in brackets; the flag wins. The key has no flag: "
        "it comes from SENT_API_KEY, or from the file named by SENT_API_KEY_FILE.",
        Settings,
    )
    _add(
        parser,
        "HTTP settings",
        "Only with --transport http. Tokens have no flag: they come from SENT_MCP_HTTP_TOKENS.",
        HttpSettings,
    )
    return parser


def _add(parser: argparse.ArgumentParser, title: str, said: str, model: type[BaseSettings]) -> None:
    group = parser.add_argument_group(title, said)
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
    return f", default {','.join(default) if isinstance(default, tuple) else default}"

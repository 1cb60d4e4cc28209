"""How `--help` reads: what a command does, what it takes, examples, and its exit code."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from sent_mcp.cli.help_endings import ENDINGS, EXAMPLES, EXIT_CODE, bold

Row = tuple[str, str]
_PROGRAM = "sent-mcp"
_ANY_COMMAND = "[COMMAND] ..."
_HELP = ("-h, --help", "Show this message.")
_GROUPS: Mapping[str, Sequence[str]] = {
    "To begin": ("demo", "install", "doctor"),
    "Without a host": ("tools", "call", "check"),
    "Servers": ("serve", "emulator"),
}
_LONGEST_NAME = max(len(name) for names in _GROUPS.values() for name in names)


class Page(Protocol):
    """What typer's formatter does here; its own name for it changes from version to version."""

    def write_usage(self, prog: str, args: str = "") -> None: ...
    def write_paragraph(self) -> None: ...
    def write_text(self, text: str) -> None: ...
    def write_dl(self, rows: Sequence[Row]) -> None: ...
    def write(self, string: str) -> None: ...
    def section(self, name: str) -> AbstractContextManager[None]: ...
    def indentation(self) -> AbstractContextManager[None]: ...


class HelpedCommand(TyperCommand):
    """A command; its docstring, its parameters and its row of ENDINGS are its help."""

    def collect_usage_pieces(self, ctx: object) -> list[str]:
        """Its arguments, then options: the order in which people type them."""
        return [*(_argument(each) for each in self._arguments()), "[OPTIONS]"]

    def format_help(self, ctx: object, formatter: Page) -> None:
        """Write the whole page."""
        formatter.write_usage(f"{_PROGRAM} {self.name}", " ".join(self.collect_usage_pieces(ctx)))
        _paragraphs(formatter, self.help or "")
        _table(formatter, "Arguments", [*map(_described, self._arguments())])
        options = [each for each in self.params if isinstance(each, TyperOption)]
        _table(formatter, "Options", [*map(_option, options), _HELP])
        ending = ENDINGS[self.name or ""]
        if ending.examples:
            with formatter.section(bold(EXAMPLES)):
                # As they are: whoever copies them needs them whole.
                formatter.write("".join(f"  {example}\n" for example in ending.examples))
        _table(formatter, EXIT_CODE, [(str(code), said) for code, said in ending.exits.items()])

    def _arguments(self) -> Iterator[TyperArgument]:
        return (each for each in self.params if isinstance(each, TyperArgument))


class HelpedGroup(TyperGroup):
    """All commands, in the order in which a newcomer meets them."""

    def collect_usage_pieces(self, ctx: object) -> list[str]:
        """One command, with what belongs to it."""
        return [_ANY_COMMAND]

    def format_help(self, ctx: object, formatter: Page) -> None:
        """Write the whole page."""
        formatter.write_usage(_PROGRAM, _ANY_COMMAND)
        _paragraphs(formatter, self.help or "")
        for title, names in _GROUPS.items():
            # One column through all groups.
            rows = [(name.ljust(_LONGEST_NAME), self._summary(name)) for name in names]
            _table(formatter, title, rows)
        options = [each for each in self.params if isinstance(each, TyperOption)]
        _table(formatter, "Options", [*map(_option, options), _HELP])
        _paragraphs(formatter, self.epilog or "")

    def _summary(self, name: str) -> str:
        first, *_ = (self.commands[name].help or "").split("\n\n")
        return " ".join(first.split())


def _paragraphs(page: Page, text: str) -> None:
    page.write_paragraph()
    with page.indentation():
        page.write_text(text)


def _table(page: Page, title: str, rows: Sequence[Row]) -> None:
    if rows:
        with page.section(bold(title)):
            page.write_dl(rows)


def _argument(argument: TyperArgument) -> str:
    name = argument.metavar or ""
    return name if argument.required else f"[{name}]..."


def _described(argument: TyperArgument) -> Row:
    return argument.metavar or "", argument.help or ""


def _option(option: TyperOption) -> Row:
    names = " ".join([", ".join(option.opts), option.metavar or ""]).rstrip()
    has_default = option.metavar is not None and option.default is not None
    return names, f"{option.help} [default: {option.default}]" if has_default else option.help or ""

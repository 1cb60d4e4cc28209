"""The package's own source, read once: its modules, what each imports, and its functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import sent_mcp

_ROOT = Path(sent_mcp.__file__).parent
MODULES = {path.relative_to(_ROOT).as_posix(): path for path in sorted(_ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(tree: ast.AST, *, at_run_time: bool = False) -> Iterator[str]:
    """Dotted names of all imports; with `at_run_time` not those for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if at_run_time and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node, at_run_time=at_run_time)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions, also those within others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def layer_of(module: str) -> str:
    """The package or module right below the top that it belongs to."""
    return module.split("/")[0].removesuffix(".py")

"""How large a file and a function may grow, and how modules are named, described and imported."""

import ast

import pytest

from tests.source_tree import MODULES, TREES, functions

MOST_LINES, MOST_FUNCTION_LINES = 300, 45


@pytest.mark.parametrize("module", MODULES)
def test_a_file_fits_into_a_readers_head(module: str) -> None:
    """Longer ones are two things."""
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{module} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_a_function_fits_on_a_screen(module: str) -> None:
    """Longer ones are two things, too."""
    for function in functions(TREES[module]):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= MOST_FUNCTION_LINES, f"{module}: {function.name} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_for(module: str) -> None:
    """In its name and in its first sentence."""
    words = set(module.removesuffix(".py").replace("/", "_").split("_"))
    assert not words & {"util", "utils", "helper", "helpers", "manager", "common", "misc", "core"}
    assert ast.get_docstring(TREES[module]), f"{module} has no docstring"


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute(module: str) -> None:
    """A moved file keeps its meaning."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}"

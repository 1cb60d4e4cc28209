"""What is written down twice is the same: the README, server.json, the version, the reasons."""

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from sent_mcp import __version__
from sent_mcp.cli.serve_flags import parse_flags
from tests import documentation
from tests.conformance import suite

ROOT = documentation.ROOT


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (documentation.README, documentation.readme),
        (documentation.SERVER_JSON, documentation.server_json),
    ],
    ids=["README", "server.json"],
)
def test_what_is_generated_is_as_the_code_has_it(path: Path, wanted: Callable[[], str]) -> None:
    """`UPDATE_README=1 pytest tests/test_documentation.py` writes it anew."""
    expected = wanted()
    if os.environ.get("UPDATE_README"):
        path.write_text(expected, encoding="utf-8")
    hint = "look at what changed, then UPDATE_README=1 pytest tests/test_documentation.py"
    assert path.read_text(encoding="utf-8") == expected, hint


def test_one_version_number_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert latest is not None
    assert {
        __version__,
        project["version"],
        server["version"],
        *(package["version"] for package in server["packages"]),
        latest[1],
    } == {__version__}


def test_the_registry_finds_its_mark_in_the_readme() -> None:
    name = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))["name"]
    assert f"mcp-name: {name}" in documentation.README.read_text(encoding="utf-8")


def test_server_json_keeps_the_limits_of_the_registry() -> None:
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    assert len(server["description"]) <= 100
    assert len(server["title"]) <= 100
    assert server["name"].count("/") == 1


def test_the_registry_starts_the_server_over_http_as_it_can_be_started() -> None:
    server = json.loads(documentation.SERVER_JSON.read_text(encoding="utf-8"))
    package = server["packages"][1]
    command, *flags = (
        f"{each['name']}={each['value']}" if each["type"] == "named" else each["value"]
        for each in package["packageArguments"]
    )
    assert (command, parse_flags(flags).transport) == ("serve", "http")
    ((name, default),) = (
        (each["name"], each["default"])
        for each in package["environmentVariables"]
        if each["name"] in package["transport"]["url"]
    )
    url = package["transport"]["url"].replace(f"{{{name}}}", default)
    assert url == "http://127.0.0.1:8000/mcp"


def test_every_dependency_gives_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|redis|otel|dev) = \[\n(.*?)^\]", text, re.M | re.S)
    lines = [line for block in lists for line in block.splitlines()]
    assert len(lists) == 4
    assert [line for line in lines if not re.search(r'^    ".+", +# \w', line)] == []


def test_as_many_checks_fail_on_purpose_as_the_readme_says() -> None:
    """A failure that is explained is a scenario's, a warning one check's."""
    reasons = suite.explained("2025-11-25")
    warned = [failure for failure in reasons if ":" in failure]
    assert (len(reasons) - len(warned), len(warned)) == (8, 1)
    assert all(reasons[each].startswith("a warning") for each in warned)
    said = " ".join(documentation.README.read_text(encoding="utf-8").split())
    assert "Of 2025-11-25 eight checks fail on purpose and one warns, each with its reason" in said


def test_whatever_holds_what_the_proof_has_found_is_there() -> None:
    """Files, and tests in them by name."""
    said = (ROOT / "tests" / "proof" / "FOUND.md").read_text(encoding="utf-8")
    held = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", said)
    assert len(held) > said.count("\n| ") - 2
    for path, name in held:
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")

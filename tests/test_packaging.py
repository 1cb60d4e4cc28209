"""What is published: the sdist, the wheel, and what server.json tells the registry of them."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from sent_mcp import __version__
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings
from tests.documentation import ROOT, SERVER_JSON

PYTHON = {path.parent.name for path in ROOT.glob("*/*.py")}
FOLDERS = {*PYTHON, ".ci"}
FILES = {
    *(path.name for path in ROOT.glob("*.md")),
    *("LICENSE", "pyproject.toml", "server.json", "Dockerfile", ".dockerignore", ".gitignore"),
}
DATA = {"sent_mcp/py.typed", "sent_mcp/front/record.json", "sent_mcp/emulator/schema.sql"}
ABOUT = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
SECRETS = {"SENT_API_KEY", "SENT_MCP_SECRET", "SENT_MCP_STATE", "SENT_MCP_HTTP_TOKENS"}


def test_the_sdist_is_the_project_and_the_wheel_made_of_it_only_the_package(
    tmp_path: Path,
) -> None:
    """Whoever unpacks the sdist can run the gate there."""
    package, others = _files("sent_mcp"), {name for each in FOLDERS for name in _files(each)}
    _run(["-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)], tmp_path)
    project = f"sent_mcp-{__version__}"
    with tarfile.open(tmp_path / f"{project}.tar.gz") as sdist:
        names = {name.removeprefix(f"{project}/") for name in sdist.getnames()}
    assert names == {*others, *FILES, "PKG-INFO"}
    with ZipFile(tmp_path / f"{project}-py3-none-any.whl") as wheel:
        names = {*wheel.namelist()}
    assert names == {*package, *(f"{project}.dist-info/{name}" for name in ABOUT)}
    assert names > DATA


def test_the_installed_wheel_works_outside_of_the_project(tmp_path: Path) -> None:
    """Beside the packages that are here already, in front of the project's own code."""
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    _run(["-m", "build", "--wheel", "-n", "--outdir", str(wheels), str(ROOT)], tmp_path)
    pip = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    (wheel,) = wheels.iterdir()
    _run([*pip, "--target", str(site), str(wheel)], tmp_path)
    command = str(site / "bin" / "sent-mcp")
    where = "import sent_mcp; print(sent_mcp.__file__)"
    assert _run(["-c", where], tmp_path, site).strip() == str(site / "sent_mcp" / "__init__.py")
    assert _run([command, "--version"], tmp_path, site) == f"sent-mcp {__version__}\n"
    assert "find_contact_by_phone phone_number" in _run([command, "tools"], tmp_path, site)


def test_the_types_of_every_folder_are_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {*project["tool"]["pyright"]["include"]} == PYTHON


def test_the_registry_asks_for_every_setting_and_hides_the_secrets() -> None:
    over_stdio, over_http = _packages()
    settings = [variable_of(Settings, name) for name in Settings.model_fields]
    more = [variable_of(HttpSettings, name) for name in HttpSettings.model_fields]
    assert [each["name"] for each in over_stdio["environmentVariables"]] == settings
    assert [each["name"] for each in over_http["environmentVariables"]] == [*settings, *more]
    variables = over_http["environmentVariables"]
    assert {each["name"] for each in variables if each["isSecret"]} == SECRETS


def test_the_registry_installs_this_version_of_what_is_published() -> None:
    for package in _packages():
        assert (package["registryType"], package["identifier"]) == ("pypi", "sent-mcp")
        assert package["version"] == __version__


def _packages() -> Sequence[dict[str, Any]]:
    return json.loads(SERVER_JSON.read_text(encoding="utf-8"))["packages"]


def _files(folder: str) -> set[str]:
    paths = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}


def _run(words: Sequence[str], folder: Path, site: Path | None = None) -> str:
    """What Python, or a script made for it, prints; without any setting of the developer's."""
    found = {"PYTHONPATH": str(site)} if site else {}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **found},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

"""The bundle for a double click: what is in it, what its manifest says, what `mcpb` says to it.

npm install --prefix FOLDER @anthropic-ai/mcpb
NODE_CLIENTS=FOLDER pytest tests/test_bundle.py
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bundle.archive import write_bundle
from bundle.check import problems
from bundle.form import QUESTIONS
from sent_mcp import __version__
from sent_mcp.errors import SettingsError
from sent_mcp.prompts import PROMPTS
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings, load_settings
from tests.documentation import ROOT, default_of

NODE = shutil.which("node")
FOLDER = Path(os.environ.get("NODE_CLIENTS", ""))
MCPB = FOLDER / "node_modules" / "@anthropic-ai" / "mcpb" / "dist" / "cli" / "cli.js"
LEFT_OUT = {
    "api_key_file": "the host keeps the key",
    "base_url": "for tests",
    "api_version": "v1 is for old programs",
    "sender_id": "for v1",
    "toolsets": "what can be added costs money for each call",
    "requests_per_minute": "follows the account",
    "messages_per_minute": "follows the account",
    "call_timeout": "follows the host",
    "ask_timeout": "follows the host",
    "state": "the user's state folder does",
    "secret": "only a shared state needs one",
    "audit_log": "for operators",
    "fast_start": "for tests",
    "log_level": "for developers",
}
"""The settings that the form does not ask for, each with the reason."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file."""
    return write_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def manifest(bundle: Path) -> dict[str, Any]:
    """Its manifest."""
    with ZipFile(bundle) as archive:
        return json.loads(archive.read("manifest.json"))


def test_it_has_the_source_and_no_dependencies(bundle: Path) -> None:
    """The host's `uv` fetches these."""
    package = (ROOT / "sent_mcp").rglob("*")
    files = [path for path in package if path.is_file() and path.parent.name != "__pycache__"]
    with ZipFile(bundle) as archive:
        assert {*archive.namelist()} == {
            *("LICENSE", "main.py", "manifest.json", "pyproject.toml"),
            *(path.relative_to(ROOT).as_posix() for path in files),
        }
        assert archive.read("sent_mcp/front/record.json")


def test_the_same_sources_make_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """Whenever they were written, and whoever makes it."""
    again = write_bundle(tmp_path / "new" / "folder")
    assert again.read_bytes() == bundle.read_bytes()
    with ZipFile(again) as archive:
        entries = archive.infolist()
    assert [each.filename for each in entries] == sorted(each.filename for each in entries)
    assert {(each.date_time, each.external_attr >> 16) for each in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644)
    }


def test_its_version_is_the_projects(bundle: Path, manifest: dict[str, Any]) -> None:
    with ZipFile(bundle) as archive:
        project = tomllib.loads(archive.read("pyproject.toml").decode())["project"]
    assert bundle.name == f"sent-mcp-{__version__}.mcpb"
    assert {manifest["version"], project["version"]} == {__version__}


def test_uv_installs_what_the_project_needs(bundle: Path) -> None:
    with ZipFile(bundle) as archive:
        found = tomllib.loads(archive.read("pyproject.toml").decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for same in ("name", "requires-python", "dependencies"):
        assert found["project"][same] == project[same]
    assert found["tool"]["uv"] == {"package": False}


def test_a_new_setting_is_in_the_form_or_has_a_reason_not_to_be() -> None:
    assert {*QUESTIONS} | {*LEFT_OUT} == {*Settings.model_fields}
    assert not {*QUESTIONS} & {*LEFT_OUT}


def test_the_form_has_the_variables_and_defaults_of_the_settings(manifest: dict[str, Any]) -> None:
    """What is left alone in the form is as good as not set."""
    references, form = manifest["server"]["mcp_config"]["env"], manifest["user_config"]
    assert references.pop("SENT_BUNDLE_DEMO") == "${user_config.demo}"
    assert form.pop("demo")["default"] is False
    assert references == {variable_of(Settings, name): f"${{user_config.{name}}}" for name in form}
    for name, field in form.items():
        default = field["default"]
        text = str(default).lower() if isinstance(default, bool) else str(default)
        assert text == (default_of(Settings.model_fields[name]) or "")


def test_only_the_key_is_a_secret_and_nothing_has_to_be_filled_in(
    manifest: dict[str, Any],
) -> None:
    """Without a key the server starts and says what to do."""
    form = manifest["user_config"]
    assert next(iter(form)) == "api_key"
    assert [name for name, field in form.items() if field.get("sensitive")] == ["api_key"]
    assert not any(field["required"] for field in form.values())


def test_the_form_refuses_the_numbers_that_the_settings_refuse(manifest: dict[str, Any]) -> None:
    numbers = {
        name: field for name, field in manifest["user_config"].items() if field["type"] == "number"
    }
    assert {*numbers} == {"max_recipients", "messages_per_day"}
    for name, field in numbers.items():
        for limit, beyond in (("min", -1), ("max", 1)):
            if limit in field:
                load_settings((), **{name: str(field[limit])})
                with pytest.raises(SettingsError):
                    load_settings((), **{name: str(field[limit] + beyond)})


def test_a_prompt_refers_to_each_of_its_arguments(manifest: dict[str, Any]) -> None:
    """The text is what a person would pick in the host."""
    for prompt, shown in zip(PROMPTS, manifest["prompts"], strict=True):
        assert (shown["name"], shown["description"]) == (prompt.name, prompt.description)
        assert shown["arguments"] == [*prompt.arguments.model_fields]
        for name in shown["arguments"]:
            assert f"${{arguments.{name}}}" in shown["text"]


def test_the_privacy_policy_of_sent_is_named(manifest: dict[str, Any]) -> None:
    (policy,) = manifest["privacy_policies"]
    assert policy.startswith("https://www.sent.dm/")


def test_the_command_writes_it_and_names_it(bundle: Path, tmp_path: Path) -> None:
    done = _command("--out", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    path, checksum = done.stdout.splitlines()
    assert Path(path).read_bytes() == bundle.read_bytes()
    assert checksum.startswith("sha256 ")


def test_the_check_says_what_schemas_have_against_the_files(tmp_path: Path) -> None:
    """The official ones are downloaded where none is given."""
    passing, failing = tmp_path / "passing", tmp_path / "failing"
    for path, required in ((passing, ["name"]), (failing, ["name", "screenshots"])):
        path.write_text(json.dumps({"required": required}), encoding="utf-8")
    done = _command("--check", "--server-schema", str(passing), "--manifest-schema", str(failing))
    said = "manifest.json: $: 'screenshots' is a required property\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, said, "")
    assert problems(passing, passing) == []
    lost = _command("--check", "--server-schema", str(tmp_path / "nowhere"))
    assert (lost.returncode, lost.stdout) == (1, "")
    assert lost.stderr.startswith("A schema cannot be read: ")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(
    not MCPB.is_file(), reason="NODE_CLIENTS names no folder with the official mcpb"
)
def test_the_official_tool_unpacks_it_and_finds_it_valid(bundle: Path, tmp_path: Path) -> None:
    for words in (["unpack", str(bundle), str(tmp_path)], ["validate", str(tmp_path)]):
        done = subprocess.run(
            ["node", str(MCPB), *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert "Manifest schema validation passes!" in done.stdout


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bundle", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

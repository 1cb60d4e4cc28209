"""What the README and server.json repeat from the code, so that they can be compared with it."""

import json
import re
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from benchmarks.__main__ import BENCHMARKS
from benchmarks.results import Report
from benchmarks.table import report_text
from sent_mcp.hosts import HOSTS, Host, Wish, snippet
from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings
from sent_mcp.tools import TOOLS
from tests.proof.parts import PARTS
from tests.proof.report import Report as Proof
from tests.proof.report import Row as ProofRow
from tests.proof.report import Timed

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SERVER_JSON = ROOT / "server.json"
COMMAND = "/path/to/.venv/bin/sent-mcp"
KEY_FILE = "/path/to/sent-api-key"
RESULTS = ROOT / "benchmarks" / "results.json"
HTTP_RESULTS = ROOT / "benchmarks" / "http_results.json"
PROOF_RESULTS = ROOT / "tests" / "proof" / "results.json"


def tool_table() -> str:
    """One row per tool, from what a host sees."""
    rows = ["| tool | does | arguments (optional in brackets) |", "|---|---|---|"]
    for tool in TOOLS:
        schema = tool.offer.input_schema
        needed = cast("list[str]", schema.get("required", []))
        names = cast("dict[str, JsonValue]", schema["properties"])
        words = " ".join(f"`{name}`" if name in needed else f"[`{name}`]" for name in names)
        extra = f" (toolset `{tool.offer.toolset}`)" if tool.offer.toolset == "lookup" else ""
        rows.append(f"| `{tool.offer.name}`{extra} | {tool.offer.description} | {words} |")
    return "\n".join(rows)


def settings_table(model: type[BaseSettings]) -> str:
    """One row per setting, from the model."""
    rows = ["| variable | flag | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        flag = f"`{flag_of(name)}`" if name in flags(model) else ""
        variable = variable_of(model, name)
        rows.append(f"| `{variable}` | {flag} | {_default(field)} | {field.description} |")
    return "\n".join(rows)


def cost_table() -> str:
    """What the last full run of the benchmarks found."""
    return _recorded(RESULTS, set(BENCHMARKS))


def http_cost_table() -> str:
    """What the last full run of that over HTTP found, which is recorded by itself."""
    return _recorded(HTTP_RESULTS, {"http"})


def _recorded(file: Path, benchmarks: set[str]) -> str:
    report = Report.model_validate_json(file.read_text(encoding="utf-8"))
    assert not report.quick, "a quick run shows nothing about cost"
    measured = {row.benchmark for row in report.rows}
    assert measured == benchmarks, "a run of one benchmark is no record of all"
    return report_text(report)


def proof_table() -> str:
    """What the last full run of each part of the proof found, and how to run it again."""
    report = Proof.model_validate_json(PROOF_RESULTS.read_text(encoding="utf-8"))
    assert report.passed, "a run that failed is no proof"
    assert [each.part for each in report.parts] == [*PARTS], "some parts are not recorded"
    assert not any(each.scale.quick for each in report.parts), "a quick run is no full one"
    head = ["part", "what", "tried", "survived", "lost", "doubled", "leaked", "figures", "seconds"]
    rows = [head, ["---"] * 2 + ["--:"] * 5 + ["---", "--:"]]
    for timed in report.parts:
        rows += [_proven(timed, row) for row in timed.rows]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_run_as(report)}\n\n{table}"


def _proven(timed: Timed, row: ProofRow) -> list[str]:
    numbers = (row.tried, row.survived, row.lost, row.doubled, row.leaked)
    seconds = f"{timed.seconds:,.0f}" if row is timed.rows[0] else ""
    return [f"`{timed.part}`", row.what, *map("{:,}".format, numbers), row.figures, seconds]


def _run_as(report: Proof) -> str:
    (where,) = {f"{each.python}, {each.processors} processors" for each in report.parts}
    (seed,) = {each.scale.seed for each in report.parts}
    last = max(each.measured_on for each in report.parts)
    command = f"python -m tests.proof --full PART --seed {seed}"
    return f"Each part by `{command}`, the last on {last}, on {where}."


def _default(field: FieldInfo) -> str:
    text = default_of(field)
    return "none" if text is None else f"`{text}`"


def default_of(field: FieldInfo) -> str | None:
    """The default as it would be written into the environment."""
    value: object = field.default
    if value in (None, (), PydanticUndefined):
        return None
    if isinstance(value, tuple):
        return ",".join(cast("tuple[str, ...]", value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def host_entries() -> str:
    """For each host the command, how the key gets there, and the entry."""
    rows = ["| host | command | the key |", "|---|---|---|"]
    rows += [
        f"| {host.title} | `sent-mcp install {name}` | {host.key_hint} |"
        for name, host in HOSTS.items()
    ]
    blocks: list[str] = []
    for host in HOSTS.values():
        language = "toml" if host.is_toml else "json"
        title = f"The entry for {host.title}"
        shown = f"```{language}\n{host_entry(host)}```"
        blocks.append(f"<details><summary>{title}</summary>\n\n{shown}\n\n</details>")
    return "\n\n".join(["\n".join(rows), *blocks])


def host_entry(host: Host) -> str:
    """The entry as it would be for somebody else, with a file for the key where it needs one."""
    key = None if host.reference else {"SENT_API_KEY_FILE": KEY_FILE}
    return snippet(host, Wish((COMMAND,), key=key))


def environment_variables(model: type[BaseSettings]) -> list[JsonValue]:
    """The settings as server.json lists them."""
    return [_environment_variable(model, name) for name in model.model_fields]


def _environment_variable(model: type[BaseSettings], name: str) -> JsonValue:
    field = model.model_fields[name]
    entry: dict[str, JsonValue] = {
        "name": variable_of(model, name),
        "description": field.description,
        "isRequired": False,
        # The URL of a Redis may have a password in it.
        "isSecret": name in ("api_key", "secret", "state", "tokens"),
        "format": _format(field.annotation),
    }
    default = default_of(field)
    if default is not None:
        entry["default"] = default
    choices = _choices(field.annotation)
    if choices:
        entry["choices"] = choices
    return entry


def _format(annotation: object) -> str:
    names = {bool: "boolean", int: "number", float: "number", Path: "filepath"}
    kinds = get_args(annotation) or (annotation,)
    return next((name for kind, name in names.items() if kind in kinds), "string")


def _choices(annotation: object) -> list[JsonValue]:
    kinds = [annotation, *get_args(annotation)]
    return [name for kind in kinds if get_origin(kind) is Literal for name in get_args(kind)]


def readme() -> str:
    """The README with its tables as the code, and the recorded benchmarks, have them."""
    text = README.read_text(encoding="utf-8")
    tables = {
        "tools": tool_table(),
        "hosts": host_entries(),
        "settings": settings_table(Settings),
        "http-settings": settings_table(HttpSettings),
        "costs": cost_table(),
        "http-costs": http_cost_table(),
        "proof": proof_table(),
    }
    for name, table in tables.items():
        pattern = f"<!-- {name} -->\n.*?<!-- /{name} -->"
        block = f"<!-- {name} -->\n{table}\n<!-- /{name} -->"
        text, count = re.subn(pattern, lambda _, block=block: block, text, flags=re.DOTALL)
        assert count == 1, f"the README has no place for the {name} table"
    return text


def server_json() -> str:
    """server.json with the variables the settings have: one package for each transport."""
    document = json.loads(SERVER_JSON.read_text(encoding="utf-8"))
    variables = environment_variables(Settings)
    over_stdio = {**document["packages"][0], "environmentVariables": variables}
    over_http = {
        **over_stdio,
        "packageArguments": [
            {"type": "positional", "value": "serve"},
            {"type": "named", "name": "--transport", "value": "http"},
        ],
        "transport": {
            "type": "streamable-http",
            "url": f"http://127.0.0.1:{{{variable_of(HttpSettings, 'port')}}}/mcp",
        },
        "environmentVariables": [*variables, *environment_variables(HttpSettings)],
    }
    document["packages"] = [over_stdio, over_http]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

"""Who may import whom, who alone knows which library, and who alone may catch and print."""

import ast

import pytest

from tests.source_tree import MODULES, TREES, functions, imports, layer_of

LAYERS: dict[str, set[str]] = {
    "advice": set(),
    "models": set(),
    "phone": set(),
    "masking": set(),
    "private_file": set(),
    "emulator": set(),
    "quoting": set(),
    "redis_url": set(),
    "callers": set(),
    "moments": set(),
    "moving_windows": set(),
    "observing": set(),
    "telemetry": {"masking"},
    "message_spans": set(),
    "connecting": {"client", "moving_windows", "observing", "settings"},
    "errors": {"advice", "quoting"},
    "state": {"errors", "moving_windows", "private_file", "redis_url"},
    "setting_values": {"phone", "redis_url"},
    "setting_fields": {"errors", "setting_values"},
    "http_values": {"setting_values"},
    "http_settings": {"errors", "http_values", "setting_fields", "setting_values"},
    "key_source": {"errors", "setting_values"},
    "settings": {"errors", "http_settings", "key_source", "setting_fields", "setting_values"},
    "front": set(),
    "hosts": set(),
    "client": {"errors", "models", "moving_windows", "observing", "quoting"},
    "reach": {"client", "errors", "models", "phone"},
    "guard": {"errors", "masking", "models", "private_file", "quoting", "state"},
    "tools": {
        "advice",
        "client",
        "errors",
        "guard",
        "masking",
        "models",
        "moments",
        "observing",
        "phone",
        "quoting",
        "reach",
        "state",
    },
    "serving": {
        "callers",
        "errors",
        "front",
        "http_settings",
        "http_values",
        "masking",
        "observing",
        "quoting",
        "setting_values",
    },
    "resources": {"advice", "client", "errors", "quoting", "tools"},
    "prompts": {"client", "quoting", "reach", "resources", "tools"},
    "protocol_errors": {"errors", "guard", "masking", "tools"},
    "features": {
        "errors",
        "masking",
        "prompts",
        "protocol_errors",
        "quoting",
        "resources",
        "tools",
    },
    "offered": {"client", "prompts", "resources", "settings", "tools"},
    "tenants": {
        "callers",
        "client",
        "connecting",
        "guard",
        "key_source",
        "masking",
        "moving_windows",
        "observing",
        "quoting",
        "settings",
        "state",
        "tools",
    },
    "server": {
        "callers",
        "features",
        "guard",
        "message_spans",
        "observing",
        "quoting",
        "offered",
        "settings",
        "tenants",
        "tools",
    },
    "cli": {
        "client",
        "connecting",
        "emulator",
        "errors",
        "front",
        "hosts",
        "http_settings",
        "http_values",
        "masking",
        "models",
        "moments",
        "offered",
        "phone",
        "private_file",
        "quoting",
        "reach",
        "redis_url",
        "server",
        "serving",
        "setting_fields",
        "setting_values",
        "settings",
        "state",
        "telemetry",
    },
    "__main__": {"cli", "front"},
}
"""Each layer and the layers it may import, besides itself."""
OWNERS: dict[str, tuple[str, ...]] = {
    "httpx": ("client/connection.py", "client/channel.py", "client/http1.py", "connecting.py"),
    "h11": ("client/channel.py", "serving/http/protocol.py"),
    "limits": (),
    "redis": ("state/redis_",),
    "tenacity": ("client/retries.py",),
    "sqlite3": ("state/", "emulator/", "cli/emulator.py", "cli/launch.py"),
    "starlette": ("emulator/", "cli/emulator.py", "serving/http/"),
    "uvicorn": ("emulator/serving.py", "serving/http/listening.py", "serving/http/protocol.py"),
    "phonenumbers": ("phone.py", "emulator/phones.py", "emulator/numbers.py"),
    "typer": ("cli/app.py", "cli/help_pages.py"),
    "rich": ("cli/",),
    "argparse": ("cli/serve_flags.py",),
    "jwt": ("serving/http/jwt_",),
    "cryptography": ("serving/http/jwt_keys.py",),
    "platformdirs": ("settings.py",),
    "pydantic_settings": (
        "settings.py",
        "http_settings.py",
        "setting_fields.py",
        "cli/serve_flags.py",
        "cli/doctor/environment.py",
    ),
    "pydantic": (
        "models/",
        "settings.py",
        "http_settings.py",
        "setting_fields.py",
        "setting_values.py",
        "key_source.py",
        "client/",
        "guard/",
        "tools/",
        "resources/",
        "prompts/",
        "protocol_errors.py",
        "server.py",
        "tenants.py",
        "message_spans.py",
        "serving/messages.py",
        "serving/http/",
        "cli/",
    ),
    "mcp": (
        "guard/ask.py",
        "tools/",
        "resources/",
        "features.py",
        "protocol_errors.py",
        "message_spans.py",
        "server.py",
        "serving/",
        "cli/",
    ),
    "mcp_types": (
        "front/lean.py",
        "guard/ask.py",
        "tools/",
        "resources/",
        "prompts/",
        "features.py",
        "protocol_errors.py",
        "message_spans.py",
        "server.py",
        "serving/",
        "cli/",
    ),
    "opentelemetry": ("client/spans.py", "message_spans.py", "telemetry/"),
    "zoneinfo": ("phone.py", "tools/local_times.py"),
    "prometheus_client": ("serving/http/metrics.py",),
    "requests": (),
    "httpx2": (),
}
"""Libraries and the only places that may load them (two commands name what they serve)."""
TRIES = {
    "tools/seam.py:answer": "the one place where the errors of tools become answers",
    "protocol_errors.py:protocol_errors": "the same for everything but tools",
    "protocol_errors.py:or_nothing": "the same for suggestions, which just do not come",
    "tools/registry.py:_approved": "records the outcome of an approved change before it passes on",
    "tools/registry.py:_shielded": "hears of it; takes the error out of a task group's",
    "tools/registry.py:wait": "the same",
    "tools/registry.py:_settled": "an unknown outcome is a result, not an error",
    "tools/parallel.py:attempted": "the failure of a second step must not hide the first",
    "tools/parallel.py:look_up_all": "takes the first error out of a task group's",
    "tools/arguments.py:parse": "words what pydantic found wrong",
    "tools/arguments.py:_number": "a reason of `phone` becomes one of pydantic's",
    "tools/arguments.py:_json": "a parser",
    "tools/send_arguments.py:_with_offset": "a parser",
}
"""The functions of OFFERED that may catch something, each with its reason."""
OFFERED = ("tools/", "resources/", "prompts/", "features.py", "protocol_errors.py")


@pytest.mark.parametrize("module", [name for name in MODULES if name != "__init__.py"])
def test_a_layer_imports_only_the_layers_it_may(module: str) -> None:
    """A request passes each layer once downward, its answer once upward."""
    layer = layer_of(module)
    allowed = {layer, *LAYERS[layer]}
    if layer != "emulator":
        allowed.add("__version__")
    for name in imports(TREES[module]):
        if name.split(".")[0] == "sent_mcp":
            assert name.split(".")[1] in allowed, f"{module} imports {name}"


def test_every_layer_exists() -> None:
    """The table above says nothing about layers that are gone."""
    assert set(LAYERS) == {layer_of(name) for name in MODULES if name != "__init__.py"}


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_known_only_where_it_belongs(module: str) -> None:
    """So that it can be replaced in one place, and is loaded only when that place is."""
    for name in imports(TREES[module], at_run_time=True):
        owners = OWNERS.get(name.split(".")[0])
        if owners is not None:
            assert module.startswith(owners), f"{module} imports {name}"


def test_what_is_offered_catches_nothing_but_in_the_named_places() -> None:
    """Everything else passes to the two seams, which are the only ones to word errors."""
    found = {
        f"{module}:{function.name}"
        for module, tree in TREES.items()
        if module.startswith(OFFERED)
        for function in functions(tree)
        if any(isinstance(node, ast.Try | ast.TryStar) for node in ast.walk(function))
    }
    assert found == set(TRIES)


@pytest.mark.parametrize("module", [m for m in MODULES if layer_of(m) not in ("cli", "__main__")])
def test_only_commands_touch_the_environment_and_print(module: str) -> None:
    """Everything else is told; stdout belongs to the protocol."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Attribute):
            said = ast.unparse(node)
            assert said not in ("os.environ", "os.getenv", "sys.argv", "sys.stdout", "sys.exit"), (
                f"{module}:{node.lineno}"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input", "exit"), f"{module}:{node.lineno}"

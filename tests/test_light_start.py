"""What a start loads: little of the standard library, nothing heavy, and no network."""

import subprocess
import sys

import pytest

from tests.source_tree import MODULES, TREES, imports

LIGHT = {"gc", "importlib", "json", "os", "re", "select", "sys", "threading", "time", "types"}
"""What a start can afford: the rest of the standard library takes longer to load than to use."""


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("front/")])
def test_the_front_needs_little_of_the_standard_library(module: str) -> None:
    """And nothing else but itself, until the server is loaded behind it."""
    names = {name.split(".")[0] for name in imports(TREES[module], at_run_time=True)}
    assert names <= LIGHT | {"sent_mcp", "mcp_types" if module == "front/lean.py" else "sent_mcp"}


WITHOUT_NETWORK = """
import ssl, sys

def refused(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")

def no_context(*_, **__):
    raise SystemExit("an SSL context was made")

sys.addaudithook(refused)
ssl.SSLContext.__new__ = no_context
"""
HEAVY = [
    "httpx",
    "phonenumbers",
    "limits",
    "tenacity",
    "typer",
    "rich",
    "opentelemetry.sdk",
    "prometheus_client",
    "sent_mcp.cli.app",
    "sent_mcp.client.connection",
    "sent_mcp.emulator.app",
]


@pytest.mark.parametrize(
    "start",
    [
        "import sent_mcp.server",
        "from sent_mcp.server import build_server\n"
        "from sent_mcp.settings import load_settings\n"
        "build_server(load_settings(()))",
        "import sent_mcp.cli.serve",
    ],
    ids=["import", "build", "command"],
)
def test_starting_loads_nothing_heavy_and_needs_no_network(start: str) -> None:
    """Hosts start a server for every conversation, and most never call a tool."""
    script = f"{WITHOUT_NETWORK}\n{start}\nprint([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[]", "", 0)

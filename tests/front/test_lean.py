"""What is not loaded of other packages, and that they work all the same."""

import subprocess
import sys

import pytest

LOAD = "import sys; from sent_mcp.__main__ import load_server; load_server(); import httpx; "
SPARED = ["mcp.client", "mcp.server.mcpserver", "httpx2", "rich", "pygments"]


def _said(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_serve_path_is_spared_what_it_never_uses() -> None:
    """The client, the other server class and their HTTP library, and httpx's command line."""
    assert _said(f"{LOAD} print([m for m in {SPARED} if m in sys.modules])") == "[]"
    assert _said(f"{LOAD} print('mcp.server.lowlevel.server' in sys.modules)") == "True"


@pytest.mark.parametrize(
    "use",
    [
        "from mcp import Client; print(Client.__name__)",
        "import mcp; print(mcp.Client.__name__)",
        "from mcp.client import Client; print(Client.__name__)",
        "from mcp.server import MCPServer; print('Client' if MCPServer else '')",
        "import mcp, mcp.server as s; print('Client' if mcp.server.Server is s.Server else '')",
    ],
)
def test_what_was_spared_is_there_when_somebody_asks(use: str) -> None:
    """The package's own beginning runs then, late."""
    assert _said(f"{LOAD} {use}") == "Client"


def test_wire_types_are_built_when_they_are_used() -> None:
    """There are hundreds, and building them takes longer than all else."""
    types = "import mcp_types._v2025_11_25 as v; print(v.CallToolRequest.__pydantic_complete__)"
    assert _said(f"{LOAD} {types}") == "False"


def test_what_no_package_has_is_missing_in_the_usual_way() -> None:
    """A typing error of ours must not look like something else."""
    ask = "\ntry:\n from mcp import Nothing\nexcept ImportError as error:\n print(type(error))"
    assert _said(LOAD + ask) == "<class 'ImportError'>"


def test_with_another_version_nothing_is_done() -> None:
    """Then the packages load as they like."""
    other = "from sent_mcp.front import lean; lean.TRIED = dict.fromkeys(lean.TRIED, '0.0.1'); "
    seen = (
        "import sys; lean.load_less(); print([m for m in sys.modules if m[:3] in ('mcp', 'htt')])"
    )
    assert _said(other + seen) == "[]"


def test_the_versions_that_were_tried_are_those_of_this_environment() -> None:
    """After an update the tests above say whether the shortcuts still work."""
    from importlib.metadata import version

    from sent_mcp.front.lean import TRIED

    installed = {name: version(name.replace("_", "-")) for name in TRIED}
    assert installed == TRIED, "try the shortcuts, then write it into TRIED in front/lean.py"

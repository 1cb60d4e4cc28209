"""The server over HTTP with clients of another make: the official TypeScript SDKs.

npm install --prefix FOLDER @modelcontextprotocol/sdk @modelcontextprotocol/client
NODE_CLIENTS=FOLDER pytest tests/http/test_other_clients.py
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.door import OFFERED
from tests.http.sites import ANNA, TOKENS, started
from tests.http.wire import ERAS
from tests.serving.wire import MODERN

NODE = shutil.which("node")
FOLDER = os.environ.get("NODE_CLIENTS", "")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(not FOLDER, reason="NODE_CLIENTS names no folder with the TypeScript SDKs")
@pytest.mark.parametrize("era", ERAS)
def test_the_typescript_clients_list_call_and_confirm(era: str, tmp_path: Path) -> None:
    """By a form in the new era, by a token in the old one; nobody comes in with a wrong token."""
    saw = _seen(era, tmp_path)
    told, refused = saw.pop("told"), saw.pop("refused")
    assert told
    assert told == sorted(set(told))
    assert "401" in refused
    # The newer client has words of its own.
    assert era == MODERN or "The token is not known" in refused
    assert "Delete the contact +14155550102" in saw.pop("question")
    modern = era == MODERN
    assert saw == {
        "version": era,
        "tools": OFFERED,
        "whatsapp": "yes",
        "asked": "deleted" if modern else "confirmation_required",
        "forms": 1 if modern else 0,
        "deleted": "deleted",
        "found": False,
        "checked": 100,
    }


def _seen(era: str, home: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("typescript_client.mjs").read_text(encoding="utf-8")
    with started(home, "--demo", SENT_MCP_STATE="memory:", **TOKENS) as server:
        # Read from stdin, a script finds its packages in the current folder.
        done = subprocess.run(
            ["node", "--input-type=module", "-", era, f"http://127.0.0.1:{server.port}/mcp", ANNA],
            input=script,
            cwd=FOLDER,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)

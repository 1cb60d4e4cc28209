"""The server with a client of another make: the official TypeScript SDK.

npm install --prefix FOLDER @modelcontextprotocol/sdk
NODE_CLIENTS=FOLDER pytest tests/cli/test_other_clients.py
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.door import OFFERED

NODE = shutil.which("node")
FOLDER = os.environ.get("NODE_CLIENTS", "")


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(not FOLDER, reason="NODE_CLIENTS names no folder with the TypeScript SDK")
def test_the_typescript_client_lists_calls_and_confirms(tmp_path: Path) -> None:
    script = Path(__file__).with_name("typescript_client.mjs").read_text(encoding="utf-8")
    serve = [sys.executable, "-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
    # Read from stdin, a script finds its packages in the current folder.
    done = subprocess.run(
        ["node", "--input-type=module", "-", *serve],
        input=script,
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    saw = json.loads(done.stdout)
    told, counts = saw.pop("told"), saw.pop("checked")
    steps = [each["progress"] for each in told]
    # This client drops a notification that comes in one piece with the answer, as the last may.
    assert steps
    assert steps == sorted(set(steps))
    assert steps[-1] in (49, 100)
    for each in told:
        assert each["total"] == 100
        assert each["message"] == f"{each['progress']} of 100 numbers decided"
    # One contact was deleted before.
    assert (counts["input"], counts["whatsapp"], counts["sms_only"]) == (100, 24, 25)
    assert counts["not_contacts"] == 51
    assert len(saw.pop("withSchema")) == OFFERED
    assert saw == {
        "listed": 3,
        "whatsapp": "yes",
        "asked": "confirmation_required",
        "deleted": "deleted",
        "found": False,
    }

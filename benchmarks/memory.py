"""How much memory a command needs at its peak."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import anyio

# A process begins with the peak of the one that started it, so a small one does.
_STARTER = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


async def peak_memory(command: Sequence[str], settings: Mapping[str, str]) -> float:
    """Run it to its end; its peak memory in megabytes.

    Raises RuntimeError, with what it wrote to stderr, when it fails.
    """
    done = await anyio.run_process(
        [sys.executable, "-I", "-S", "-c", _STARTER, *command],
        env={**os.environ, **settings},
        check=False,
        stderr=subprocess.PIPE,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    # Linux counts kilobytes, macOS bytes.
    return int(done.stdout) / (1_000_000 if sys.platform == "darwin" else 1_000)

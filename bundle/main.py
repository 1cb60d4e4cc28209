"""The bundle's entry point: takes what was filled in in the host's form, and serves.

Everything comes in the environment. A host may run this file and ignore the arguments that the
manifest names.
"""

import os
import sys

from sent_mcp.__main__ import main

DEMO = "SENT_BUNDLE_DEMO"
"""Whether the form's switch is on: `true` or `false`."""
_REFERENCE = "${user_config."


def start() -> None:
    """Serve MCP on stdin and stdout; never returns."""
    for name in [name for name, value in os.environ.items() if _is_blank(name, value)]:
        del os.environ[name]
    if os.environ.pop(DEMO, "") == "true":
        sys.argv.append("--demo")
    main()


def _is_blank(name: str, value: str) -> bool:
    """Whether a field was left blank, for which some hosts leave their own reference as it is."""
    if name == "SENT_API_KEY":
        # Of a key that is none the server says so itself.
        return not value
    return name.startswith("SENT_") and (not value or value.startswith(_REFERENCE))


if __name__ == "__main__":
    start()

"""The least a server in Python can take: no package, two answers from strings.

Started as `python -I -S benchmarks/floor.py`: without the environment's own start-up files either.
"""

import os
import sys

_NAME = b'"serverInfo":{"name":"floor","version":"1"}'
_SERVER = b'{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},' + _NAME + b"}"
_TOOL = b'{"name":"get_contact","description":"Nothing.","inputSchema":{"type":"object"}}'
ANSWERS = (
    (b'"method":"initialize"', _SERVER),
    (b'"method":"server/discover"', b'{"supportedVersions":["2026-07-28"],"capabilities":{}}'),
    (b'"method":"tools/list"', b'{"tools":[' + _TOOL + b"]}"),
)


def main() -> None:
    """Answer until stdin ends, or something else is asked."""
    for line in sys.stdin.buffer:
        if b'"id":' not in line:
            continue
        known = [answer for method, answer in ANSWERS if method in line]
        if not known:
            raise SystemExit("not a server: it knows two answers only")
        number = line.split(b'"id":', 1)[1].split(b",", 1)[0]
        os.write(1, b'{"jsonrpc":"2.0","id":' + number + b',"result":' + known[0] + b"}\n")


if __name__ == "__main__":
    main()

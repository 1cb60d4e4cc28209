"""The plain server over HTTP: `uvicorn benchmarks.http_reference:app`, as the SDK's docs serve it.

Several workers need `stateless_app`: a session of the handshake era lives in one worker's memory,
and its calls reach the others, too. For 2026-07-28 both are the same.
"""

from benchmarks.reference import mcp

app = mcp.streamable_http_app()
stateless_app = mcp.streamable_http_app(stateless_http=True)

"""The bundle that Claude Desktop and other hosts install by a double click (`.mcpb`).

It holds the server's source and no dependencies: the host's own `uv` fetches these, so one file is
for every system. `python -m bundle` makes it.
"""

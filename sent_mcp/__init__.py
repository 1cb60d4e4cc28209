"""An MCP server for Sent (sent.dm) contacts; see the README. Imports nothing heavy."""

__version__ = "0.1.0"

"""Tests of `sent_mcp.hosts`."""

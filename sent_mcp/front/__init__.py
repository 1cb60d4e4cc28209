"""What answers a host at once, while the server is still loading. Standard library only."""

from sent_mcp.front.opening import Opening

__all__ = ["Opening"]

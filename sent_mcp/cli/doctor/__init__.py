"""`sent-mcp doctor`: whether this setup works, and what to do where it does not."""

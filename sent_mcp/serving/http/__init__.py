"""MCP over HTTP ("streamable HTTP"), both protocol eras; stateless: any replica can answer."""

"""Traces for whoever operates the server. Importing this loads no SDK; being asked for traces does.

What spans say is masked as logs are, whoever made them.
"""

from sent_mcp.telemetry.traces import TelemetryError, begin_traces

__all__ = ["TelemetryError", "begin_traces"]

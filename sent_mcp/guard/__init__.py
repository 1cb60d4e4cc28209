"""The confirmation guard: nothing destructive happens before somebody agreed to exactly that.

Tools only say what they would do (`Question`); this package asks, checks and remembers.
"""

from sent_mcp.guard.approval import Guard, Plan
from sent_mcp.guard.ask import Host
from sent_mcp.guard.confirmation import EXTENDED
from sent_mcp.guard.decision import (
    REFUSED,
    Approved,
    Asked,
    Change,
    Rules,
    StateRejectedError,
    Stopped,
)
from sent_mcp.guard.pending import Approvals
from sent_mcp.guard.question import Question
from sent_mcp.guard.restraint import Restraint
from sent_mcp.guard.time_limit import LEAST_SECONDS, TimeLimit

__all__ = [
    "EXTENDED",
    "LEAST_SECONDS",
    "REFUSED",
    "Approvals",
    "Approved",
    "Asked",
    "Change",
    "Guard",
    "Host",
    "Plan",
    "Question",
    "Restraint",
    "Rules",
    "StateRejectedError",
    "Stopped",
    "TimeLimit",
]

"""The confirmation guard: nothing destructive happens before somebody agreed to exactly that.

Tools only say what they would do (`Question`); this package asks, checks and remembers.
"""

from sent_mcp.guard.approval import REFUSED, Approved, Guard, Stopped
from sent_mcp.guard.question import Question

__all__ = ["REFUSED", "Approved", "Guard", "Question", "Stopped"]

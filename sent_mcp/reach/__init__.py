"""Who can be reached on which channel: the verdict on one record, and on a list of numbers.

Exact for one number or a hundred thousand: `read_numbers` makes a list of numbers out of any
spelling, `check_numbers` finds out about them in as few requests as it can.
"""

from sent_mcp.reach.check import Checked, check_numbers
from sent_mcp.reach.numbers import InvalidNumber, NumberList, read_numbers
from sent_mcp.reach.sightings import Sighting
from sent_mcp.reach.verdict import Reach, Verdict, Verdicts, is_young, verdicts

__all__ = [
    "Checked",
    "InvalidNumber",
    "NumberList",
    "Reach",
    "Sighting",
    "Verdict",
    "Verdicts",
    "check_numbers",
    "is_young",
    "read_numbers",
    "verdicts",
]

"""Who does not want messages any more?"""

from sent_mcp.prompts.registry import Prompt, Wording
from sent_mcp.tools.results import next_call


class ReviewOptOuts(Wording):
    """Nothing to choose."""

    def words(self) -> str:
        """See Wording."""
        call = next_call("list_contacts", opt_out=True, page_size=100)
        return (
            f"Who has opted out of messages? Call {call}, and while complete is false go on with"
            " the call it names as next. Then tell me how many they are, and list each with id,"
            " phone number and channels. Change nothing."
        )


REVIEW_OPT_OUTS = Prompt[object](
    "review_opt_outs",
    "Review opt-outs",
    "List everybody who has opted out of messages; changes nothing.",
    ReviewOptOuts,
    names=("list_contacts",),
)

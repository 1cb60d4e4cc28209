"""What a person can pick in a host instead of writing it: `PROMPTS` is every one."""

from sent_mcp.client import SentClient
from sent_mcp.prompts.opt_outs import REVIEW_OPT_OUTS
from sent_mcp.prompts.registry import Prompt
from sent_mcp.prompts.sending import SEND_TEMPLATE
from sent_mcp.prompts.whatsapp import IS_ON_WHATSAPP, IS_ON_WHATSAPP_V1

PROMPTS: tuple[Prompt[SentClient], ...] = (IS_ON_WHATSAPP, SEND_TEMPLATE, REVIEW_OPT_OUTS)
V1_PROMPTS: tuple[Prompt[object], ...] = (IS_ON_WHATSAPP_V1,)

__all__ = ["PROMPTS", "V1_PROMPTS"]

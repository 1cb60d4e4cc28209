"""How many tokens a text is, about."""

import re

_PIECES = re.compile(r"\d{1,3}|[^\W\d_]+|[^\w\s]+|_|\n")


def tokens(text: str) -> int:
    """The pieces into which o200k_base divides a text before it looks words up.

    Exact for digits and punctuation, which is most of what is counted here; a rare word is more
    than one token.
    """
    return len(_PIECES.findall(text))

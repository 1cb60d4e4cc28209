"""What somebody may have meant by a word that means nothing here."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`. Did you mean 'x'?`, or only the full stop where nothing is near."""
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f". Did you mean {near[0]!r}?" if near else "."

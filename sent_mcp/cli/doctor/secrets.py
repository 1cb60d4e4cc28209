"""What must appear in no finding: secrets, and phone numbers of anybody."""

import re
from collections.abc import Callable, Iterable, Mapping

from sent_mcp.cli.printable import printable
from sent_mcp.masking import mask_numbers
from sent_mcp.setting_values import is_placeholder

_SECRET = ("SENT_API_KEY", "SENT_DM_API_KEY", "SENT_MCP_SECRET")
_LISTED = "SENT_MCP_HTTP_TOKENS"
_LEAST = 6
"""A shorter one is part of other words, and nobody's secret."""
_AROUND = " \t\r\n\"'`“”‘’"
_KEY = re.compile(r"sk_(?:live|test)_[\w-]+")
_USER_IN_URL = re.compile(r"(?<=:/)(/*)[^\s/][^\s]*@")
"""Of any URL, also of one in which a scheme is mistyped, or which stands where a path should."""
_EXAMPLE = "+14155550101"
"""The number in our own sentences, which is nobody's."""


def without_secrets(environment: Mapping[str, str], others: Iterable[str]) -> Callable[[str], str]:
    """A function that takes every secret of the environment, and `others`, out of a text.

    No sentence is meant to hold one; but an answer may quote the key, and whoever mixes up two
    variables has a secret where a value is shown. What a terminal would obey becomes visible.
    """
    given = [environment.get(name, "") for name in _SECRET] + list(others)
    for part in environment.get(_LISTED, "").split(","):
        given += [part, part.partition(":")[2]]
    bare = {secret.strip(_AROUND) for secret in given}
    found = [each for each in bare if len(each) >= _LEAST and not is_placeholder(each)]

    def clean(text: str) -> str:
        # The longest first: another may be a part of it.
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return printable(_USER_IN_URL.sub(r"\1[secret]@", _KEY.sub("[secret]", text)))

    return clean


def without_numbers(text: str) -> str:
    """A text with stars in every phone number, but for the example of our own sentences."""
    return _EXAMPLE.join(map(mask_numbers, text.split(_EXAMPLE)))

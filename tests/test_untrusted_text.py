"""What the API says of itself, in every place where somebody reads it.

The whole proof, with far more texts, is `tests/proof/untrusted_text.py`.
"""

from collections.abc import Callable

import pytest

from tests.proof.fuzz_api import Alter, Script, as_it_is, standing
from tests.proof.fuzz_tour import known_ids, tour, visiting
from tests.proof.untrusted_judge import faults
from tests.proof.untrusted_script import answering_with, refusing_with, saying
from tests.proof.untrusted_strings import HEAD, TEXTS

CHOSEN = ("a plain instruction", "colours", "a quotation's end", "tags", "long and invisible")
LINES = tuple(name for name in TEXTS if name.startswith("a line of ours"))


@pytest.mark.parametrize("forms", [False, True])
@pytest.mark.parametrize("say", [saying, refusing_with, answering_with])
async def test_no_text_of_the_apis_passes_for_ours(
    say: Callable[[str], Alter], *, forms: bool
) -> None:
    """Every text of every answer, in results, questions, tokens, errors, resources, suggestions."""
    script = Script()
    wrong: list[str] = []
    async with standing(script) as url, visiting(url) as plain:
        ids = await known_ids(plain)
        era = "2026-07-28" if forms else "legacy"
        for name in (*CHOSEN, *LINES[:2], *LINES[-2:]):
            script.alter = as_it_is
            async with visiting(url, forms=forms, era=era) as guest:
                script.alter = say(HEAD + TEXTS[name])
                said = [each async for each in tour(guest, ids)]
            wrong += [f"{name}: {each.what}: {fault}" for each in said for fault in faults(each)]

    assert not wrong, wrong[0]

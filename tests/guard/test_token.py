"""Tokens and bindings, with whatever hypothesis thinks of."""

import base64
import string
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sent_mcp.guard import token
from sent_mcp.tools.arguments import parse
from sent_mcp.tools.contact_changes import UpdateContact
from sent_mcp.tools.sending import SendMessage

SECRET = b"s" * 32
ALPHABET = string.ascii_letters + string.digits + "-_"
ID = "0123456789abcdef01"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ACTIONS = st.text(max_size=80)


@given(ACTIONS, st.binary(min_size=9, max_size=9), st.lists(ANY_JSON, max_size=4))
def test_a_token_is_read_where_it_was_made(action: str, raw: bytes, bound: list[Any]) -> None:
    """Whatever its words are, as long as no white space begins them; hosts trim."""
    assume(action == action.strip() and action)
    made = token.mint(SECRET, action, raw.hex(), bound)
    assert made.startswith(action + " cf_")
    assert token.read(SECRET, made, bound) == raw.hex()
    assert token.read(SECRET, f"  {made}\n", bound) == raw.hex()


@given(st.data())
def test_any_change_of_a_token_makes_it_worthless(data: st.DataObject) -> None:
    """One sign exchanged, taken out or put in; of the words, the id or the signature."""
    made = token.mint(SECRET, "delete +14155550106", ID, ["tool"])
    at = data.draw(st.integers(0, len(made)))
    cut = data.draw(st.integers(0, 2))
    other = made[:at] + data.draw(st.text(max_size=2)) + made[at + cut :]
    assume(other.strip() != made)
    assert token.read(SECRET, other, ["tool"]) is None


def test_the_same_bytes_in_other_letters_are_another_token() -> None:
    """Base64 leaves bits of the last letter unused; only one spelling is ours."""
    made = token.mint(SECRET, "delete", ID, [])
    raw = _bytes_of(made)
    same = [made[:-1] + letter for letter in ALPHABET if _bytes_of(made[:-1] + letter) == raw]
    assert len(same) == 16
    assert [one for one in same if token.read(SECRET, one, [])] == [made]
    assert token.read(SECRET, made + "==", []) is None


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.partition("cf_")[2] + "==")


@given(st.text())
def test_no_text_is_taken_for_a_token(text: str) -> None:
    """Nor does any raise; lone surrogates and other rubbish included."""
    assert token.read(SECRET, text, []) is None
    assert token.read(SECRET, f"delete cf_{text}", []) is None


@given(ANY_JSON, ANY_JSON)
def test_a_token_is_bound_to_exactly_one_value(one: Any, other: Any) -> None:
    """Equal for equal values only; 1 and true are not equal here."""
    made = token.mint(SECRET, "do", ID, [one])
    assert token.read(SECRET, made, [one]) == ID
    assume(repr(one) != repr(other) and one != other)
    assert token.read(SECRET, made, [other]) is None
    assert token.read(SECRET, made, [one, other]) is None
    assert token.read(SECRET, made, []) is None


@given(st.binary(min_size=1))
def test_another_secret_makes_another_token(secret: bytes) -> None:
    """Of any length."""
    assume(secret != SECRET)
    made = token.mint(SECRET, "do", ID, [])
    assert token.read(secret, made, []) is None


@given(st.dictionaries(st.text(), ANY_JSON, max_size=5))
def test_the_order_of_names_does_not_matter(values: dict[str, Any]) -> None:
    """An object has none."""
    turned = dict(reversed(list(values.items())))
    assert token.digest(SECRET, values) == token.digest(SECRET, turned)


LINES = st.from_regex(r"55501\d\d", fullmatch=True)
SPELLINGS = st.sampled_from(
    [
        "+1415{}",
        "+1 415 {}",
        "tel:+1415{}",
        "whatsapp:+1-415-{}",
        "001 (415) {}",
        "1415{}",
        "+1.415.{} ",
    ]
)


@given(st.lists(st.tuples(LINES, SPELLINGS, SPELLINGS), min_size=1, max_size=5), st.booleans())
def test_numbers_in_any_spelling_bind_alike(
    people: list[tuple[str, str, str]], as_text: bool
) -> None:
    """Equal meaning, equal binding; as a list or with commas."""

    def bound(which: int) -> object:
        to = [person[which].format(person[0]) for person in people]
        given = {"to": ",".join(to) if as_text and which == 1 else to, "text": "Hi"}
        return parse(SendMessage, "send_message", given, "US").exact()

    assert bound(1) == bound(2)


@given(
    st.fixed_dictionaries(
        {"contact_id": st.just("abc"), "opt_out": st.sampled_from([True, "true", "yes", 1, "on"])},
        optional={
            "default_channel": st.sampled_from([None, "", "null", "  "]),
            "metadata": st.sampled_from([None, "", "null"]),
            "dry_run": st.sampled_from([False, "false", 0, "no"]),
            "confirmation_token": st.text(max_size=500).filter(str.strip),
        },
    )
)
def test_what_means_the_same_binds_alike(given_arguments: dict[str, Any]) -> None:
    """Absent in any spelling, flags in any spelling, and any token."""
    assume("\ud800" not in str(given_arguments))
    parsed = parse(UpdateContact, "update_contact", given_arguments, None)
    plain = parse(UpdateContact, "update_contact", {"contact_id": "abc", "opt_out": True}, None)
    assert parsed.exact() == plain.exact()


@given(st.binary(min_size=9, max_size=9), st.lists(ANY_JSON, max_size=4), st.lists(ANY_JSON))
def test_a_sealed_state_is_read_where_it_was_made(
    raw: bytes, bound: list[Any], other: list[Any]
) -> None:
    """And for nothing else."""
    state = token.seal(SECRET, raw.hex(), bound)
    assert token.unseal(SECRET, state, bound) == raw.hex()
    assert token.unseal(b"t" * 32, state, bound) is None
    assume(repr(bound) != repr(other) and bound != other)
    assert token.unseal(SECRET, state, other) is None


@given(st.text() | st.text(ALPHABET, min_size=34, max_size=34))
def test_no_text_is_taken_for_a_sealed_state(text: str) -> None:
    """Whatever stands before it."""
    for state in (text, f"form_{text}", f"form_form_{text}", f" cf_{text}"):
        assert token.unseal(SECRET, state, []) is None


@given(ACTIONS)
def test_a_token_is_no_state_and_a_state_is_no_token(action: str) -> None:
    """A model sees the one, a host the other; neither helps to make the other."""
    packed = token.mint(SECRET, action, ID, ["x"]).rpartition("cf_")[2]
    sealed = token.seal(SECRET, ID, ["x"]).removeprefix("form_")
    for state in (packed, f"form_{packed}", f"{action} cf_{packed}"):
        assert token.unseal(SECRET, state, ["x"]) is None
    for made in (
        f"{action} cf_{sealed}",
        f" cf_{sealed}",
        f"form_{sealed}",
        f"['form/v1'] cf_{sealed}",
    ):
        assert token.read(SECRET, made, ["x"]) is None

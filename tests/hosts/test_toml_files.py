"""Tables in TOML files: everything else keeps its bytes and its meaning."""

import tomllib

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sent_mcp.hosts import HOSTS, HostError, Wish, installed, removed
from sent_mcp.hosts.toml_edit import drop, put, read
from tests.hosts.existing import CODEX

HOST = HOSTS["codex"]
WISH = Wish(('/opt/ü "x"\\y/sent-mcp',))
DOTTED = 'mcp_servers.a.command = "x"\n[z]\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODEX,
        CODEX.replace("\n", "\r\n"),
        CODEX.rstrip(),
        "# only words\n",
        "[mcp_servers]\n",
        DOTTED,
        "[mcp_servers.a.env]\nX = 1\n\n\n",
        "[[p]]\nx = 1\n[mcp_servers.a]\n[[p]]\nx = 2\n",
        "when = 2026-11-21T10:00:00Z\n",
    ],
)
def test_a_table_comes_and_goes(text: str) -> None:
    after = installed(HOST, text, WISH)
    assert after.startswith(text)
    assert tomllib.loads(after)["mcp_servers"]["sent"]["command"] == WISH.command[0]
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text
    assert installed(HOST, after, WISH) == after
    assert removed(HOST, after, [text]) == text
    left = read(removed(HOST, after, []))
    left.setdefault("mcp_servers", {})
    assert left == {"mcp_servers": {}, **read(text)}


BLOCKS = st.sampled_from(
    [
        "a = 1\n",
        "# [mcp_servers.sent]\n",
        "# \u2028[mcp_servers.sent] \x85\n",
        "\n",
        "[x.y]\nz = [\n  [1],\n]\n",
        "[[p]]\nq = nan\n",
        "[mcp_servers.b]\ncommand = 'sent-mcp' # c\n",
        "[mcp_servers.b.env]\nX = '[mcp_servers.sent]'\n",
        "[mcp_servers.sentry]\nurl = 'https://sentry.example'\n\n",
        't = """\n[other]\n"""\n',
        "when = 2026-11-21T10:00:00Z\n",
    ]
)


@settings(deadline=None)
@given(st.lists(BLOCKS, max_size=8, unique=True), st.booleans(), st.booleans())
def test_any_file_gets_the_table_and_gives_it_back(
    blocks: list[str], is_windows: bool, ends_early: bool
) -> None:
    text = "".join(blocks).replace("\n", "\r\n" if is_windows else "\n")
    text = text.rstrip() if ends_early else text
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        reject()
    after = installed(HOST, text, WISH)
    said = tomllib.loads(after)
    assert said["mcp_servers"].pop("sent")["args"] == ["serve"]
    assert repr({"mcp_servers": {}, **said}) == repr({"mcp_servers": {}, **before})
    assert removed(HOST, after, [text]) == text
    left = tomllib.loads(removed(HOST, after, []))
    assert repr({"mcp_servers": {}, **left}) == repr({"mcp_servers": {}, **before})


def test_a_table_in_the_middle_is_changed_where_it_stands() -> None:
    """With the tables inside it, and without the comment of the next one."""
    text = (
        '[mcp_servers.sent]\ncommand = "sent-mcp"\nstartup_timeout_sec = 20\n\n'
        '[ mcp_servers . "sent" . tools.send_message ]\napproval_mode = "prompt"\n\n'
        "# the rest\n[tui]\nx = 1\n"
    )
    after = installed(HOST, text, WISH)
    assert after.startswith("[mcp_servers.sent]\n")
    assert after.endswith("# the rest\n[tui]\nx = 1\n")
    sent = tomllib.loads(after)["mcp_servers"]["sent"]
    assert sent["startup_timeout_sec"] == 20
    assert sent["tools"] == {"send_message": {"approval_mode": "prompt"}}
    assert removed(HOST, after, []) == "\n# the rest\n[tui]\nx = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        'mcp_servers = {a = {command = "x"}}\n',
        '[mcp_servers]\nsent = {command = "sent-mcp"}\n',
        'mcp_servers.sent.command = "sent-mcp"\n',
    ],
)
def test_what_is_written_in_another_way_is_left_alone(text: str) -> None:
    with pytest.raises(HostError, match="does not change safely; --print"):
        installed(HOST, text, WISH)


def test_a_header_within_a_text_is_no_header() -> None:
    text = 'a = """\n[mcp_servers.sent]\n"""\n'
    after = installed(HOST, text, WISH)
    assert after.startswith(text)
    assert removed(HOST, after, [text]) == text
    with pytest.raises(HostError, match="does not change safely"):
        removed(HOST, after, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb = \n", "line 2, column 5: invalid value"),
        ("[a]\n[a]\n", "line 2, column 3: cannot declare"),
        ("a = 1\na = 2\n", "line 2, column 6: cannot overwrite a value"),
        ("a = [", "end of document: invalid value"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(HostError, match=problem):
        installed(HOST, text, WISH)


def test_values_of_every_kind_are_written() -> None:
    text = "[a.b]\nwhen = 2026-11-21\nat = 10:00:00\nf = 1.5\nt = [true, {x = 'y', 'z w' = 1}]\n"
    value = read(text)["a"]
    assert isinstance(value, dict)
    assert read(put("", ("a", "b"), value["b"])) == read(text)
    assert drop(put("x = 1\n", ("a", "b"), value["b"]), ("a", "b")) == "x = 1\n"


def test_a_line_ends_where_toml_says_so() -> None:
    """Not at the other characters that Python takes for ends of lines."""
    text = "# a\u2028[mcp_servers.sent]\n"
    after = installed(HOST, f'{text}[mcp_servers.sent]\ncommand = "sent-mcp"\n', WISH)
    assert after.startswith(f"{text}[mcp_servers.sent]\n")
    assert removed(HOST, after, []) == text

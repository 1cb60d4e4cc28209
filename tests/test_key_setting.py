"""The API key as a setting: what is taken for one, what is refused, and never repeated."""

import os
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_mcp.errors import SettingsError
from sent_mcp.settings import Settings, load_settings

KEY = "sk_live_4f9d2c7be1a8"


def with_key(key: str) -> Settings:
    """Settings with this key."""
    return load_settings((), api_key=key)


def with_file(file: Path | str) -> Settings:
    """Settings with the key in this file."""
    return load_settings((), api_key_file=str(file))


@pytest.mark.parametrize(
    "value",
    [
        "${SENT_API_KEY}",
        "${input:sent-api-key}",
        "$(SENT_API_KEY)",
        "$SENT_API_KEY",
        "$env:SENT_API_KEY",
        "%SENT_API_KEY%",
        "<your key>",
        "<SENT_API_KEY>",
        "{{SENT_API_KEY}}",
        "[your key]",
        "your-api-key",
        "your_api_key_here",
        "YOUR_SENT_API_KEY",
        "your sent dm api key",
        "my-key",
        "insert-your-key-here",
        "paste your actual api key here",
        "sk_live_your_key_here",
        "SENT_API_KEY",
        "api-key",
        "changeme",
        "TODO",
        "xxxxxxxx",
        "sk_live_xxxxxxxx",
        "sk_test_...",
        "sk_live_…",
        "********",
        '"${SENT_API_KEY}"',
        " your-api-key ",
    ],
)
def test_a_forgotten_placeholder_is_named_as_such(value: str) -> None:
    """Sent would only answer that the key is invalid."""
    with pytest.raises(SettingsError, match="^PLACEHOLDER_KEY: SENT_API_KEY holds the pl") as no:
        with_key(value).read_key()
    assert repr(value.strip().strip('"')) in str(no.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f'"{KEY}"', "quotes"),
        (f"'{KEY}'", "quotes"),
        (f"{KEY}'", "quotes"),
        (f"“{KEY}”", "quotes"),
        (f" {KEY}", "spaces"),
        (f"{KEY}\n", "line breaks"),
        (f"Bearer {KEY}", "spaces"),
        (f"{KEY[:9]}\t{KEY[9:]}", "spaces"),
        (f"{KEY}\x7f", "no key has"),
        (f"{KEY}é", "no key has"),
        (f"\u200b{KEY}", "no key has"),
        ("   ", "is empty"),
        ('""', "is empty"),
        (f"<{KEY}>", "holds a placeholder"),
        (f"${{{KEY}}}", "holds a placeholder"),
        (f"{{{KEY}}}", "holds a placeholder"),
        ("00000000-0000-0000-0000-000000000000", "holds a placeholder"),
    ],
)
def test_a_spoilt_key_is_refused_without_being_repeated(value: str, reason: str) -> None:
    """Whatever is wrong around it, the key itself may be real."""
    with pytest.raises(SettingsError, match=f"^PLACEHOLDER_KEY: SENT_API_KEY .*{reason}") as no:
        with_key(value).read_key()
    assert KEY[9:] not in repr(no.value) + str(no.value)


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        "sk_test_emulator",
        "sk_live_mykey9a8b7c",
        "sk_live_7Hq2_your_key_secret",
        "key-4d1f-secret",
        "a" * 32,
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "00000000-0000-4000-8000-000000000001",
        "xxx1",
        "my-9key",
        "apikey2",
        "$ecret1-9",
        "abc%def%",
        "test",
        "secret",
    ],
)
def test_a_key_that_only_resembles_a_placeholder_is_taken(key: str) -> None:
    """A refusal here could not be overruled by anybody."""
    assert with_key(key).read_key() == key


@given(st.uuids(version=4))
def test_every_uuid_is_a_key(key: uuid.UUID) -> None:
    """Sent's documentation shows UUIDs as keys."""
    assert with_key(str(key)).read_key() == str(key)


@given(st.text("0123456789abcdefABCDEFxyzXYZ", min_size=16, max_size=64))
def test_every_random_key_with_a_prefix_is_a_key(tail: str) -> None:
    """All but a row of fillers."""
    key = f"sk_live_{tail}7_key_secret"
    assert with_key(key).read_key() == key


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"{KEY}\r\n", f"\ufeff{KEY}\n"])
def test_a_key_file_may_end_with_a_line_break_and_begin_with_a_mark(
    tmp_path: Path, content: str
) -> None:
    """As editors on either system write them."""
    file = tmp_path / "key"
    file.write_bytes(content.encode())
    assert with_file(file).read_key() == KEY


def test_a_key_file_is_read_anew_each_time(tmp_path: Path) -> None:
    """So that a key can be changed under a running server."""
    file = tmp_path / "key"
    file.write_text("first1")
    settings = with_file(file)
    assert settings.read_key() == "first1"
    file.write_text("second2")
    assert settings.read_key() == "second2"


def test_a_key_file_may_stand_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts expand no tilde."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text(KEY)
    assert with_file("~/key").read_key() == KEY


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file"),
        ("folder", "Is a directory|not a regular file"),
        ("utf16", "not text in UTF-8"),
        ("missing/under", "No such file"),
    ],
)
def test_a_key_file_that_cannot_be_read_is_said_so(tmp_path: Path, name: str, reason: str) -> None:
    """At the first call; the server has started."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "utf16").write_bytes(KEY.encode("utf-16"))
    with pytest.raises(SettingsError, match=f"SENT_API_KEY_FILE cannot be read: .*{reason}") as no:
        with_file(tmp_path / name).read_key()
    assert no.value.code == "KEY_FILE"
    assert KEY not in str(no.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo_is_no_key_file(tmp_path: Path) -> None:
    """Opening it would wait for a writer, and the whole server with it."""
    os.mkfifo(tmp_path / "key")
    with pytest.raises(SettingsError, match="cannot be read: it is not a regular file") as no:
        with_file(tmp_path / "key").read_key()
    assert no.value.code == "KEY_FILE"


def test_a_key_file_without_permission_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test may run as root, who may read everything."""

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    settings = with_file(tmp_path / "key")
    monkeypatch.setattr("sent_mcp.key_source.os.open", denied)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        settings.read_key()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (f"SENT_API_KEY={KEY}\nOTHER=1", "line breaks"),
        (f"  {KEY}", "spaces"),
        ("your-api-key", "placeholder"),
    ],
)
def test_a_key_file_with_something_else_in_it_is_said_so(
    tmp_path: Path, content: str, reason: str
) -> None:
    """The file is named, not the variable's own value."""
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(SettingsError, match=f"the file named by SENT_API_KEY_FILE .*{reason}"):
        with_file(file).read_key()


def test_a_key_wins_over_a_key_file(tmp_path: Path) -> None:
    """The file is not even opened."""
    file = str(tmp_path / "missing")
    assert load_settings((), api_key=KEY, api_key_file=file).read_key() == KEY

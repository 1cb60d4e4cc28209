"""A file of settings that somebody changes between the look at it and the change."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sent_mcp.hosts import HostError, SettingsFile


@pytest.mark.parametrize("change", ["written", "made", "linked", "taken away"])
@pytest.mark.parametrize(
    "act", [partial(SettingsFile.replace, text="x", private=False), SettingsFile.remove]
)
def test_what_has_changed_meanwhile_is_left_alone(
    tmp_path: Path, change: str, act: Callable[[SettingsFile], None]
) -> None:
    path, other = tmp_path / "mcp.json", tmp_path / "other"
    other.write_text("{}")
    if change != "made":
        path.write_text("{}")
    file = SettingsFile.read(path)
    if change in ("linked", "taken away"):
        path.unlink()
    if change == "linked":
        path.symlink_to(other)
    elif change != "taken away":
        path.write_text('{"theirs": 1}')
    before = {each.name: each.is_symlink() or each.read_text() for each in tmp_path.iterdir()}
    with pytest.raises(HostError, match="changed; run this again|is a symbolic link"):
        act(file)
    after = {each.name: each.is_symlink() or each.read_text() for each in tmp_path.iterdir()}
    assert after == before

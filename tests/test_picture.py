"""The picture in the README is what the demo prints, and fit to be shown anywhere."""

import re
from xml.etree import ElementTree

import pytest

from docs.picture import PICTURE, SHOWN, chosen, draw

SVG = "{http://www.w3.org/2000/svg}"


def lines(svg: str) -> list[str]:
    """What is written in a picture, line by line, whatever its colours."""
    rows: dict[str, list[str]] = {}
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        rows.setdefault(text.attrib["y"], []).append("".join(text.itertext()))
    return ["".join(row).replace("\xa0", " ").rstrip() for row in rows.values()]


def test_the_picture_shows_what_the_demo_prints_today() -> None:
    """`python -m docs.picture` draws it anew; look at it before it is committed."""
    shown = lines(PICTURE.read_text(encoding="utf-8"))
    assert shown == lines(draw()), "run python -m docs.picture, and look at docs/demo.svg"
    assert "You    Is +1 (415) 555-0102 on WhatsApp?" in shown
    assert sum("✓" in line for line in shown) == 4


def test_the_picture_is_small_and_needs_nothing_from_elsewhere() -> None:
    """A README shows it as an image, where nothing is loaded; a screen reader has the title."""
    svg = PICTURE.read_text(encoding="utf-8")
    assert len(svg.encode()) < 60_000
    assert re.findall(r"(?:https?:)?//[^\s\"]+", svg) == ["http://www.w3.org/2000/svg"]
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    named = {
        each.attrib["id"]: each.text for each in root if each.tag in (f"{SVG}title", f"{SVG}desc")
    }
    assert all(named[name] for name in root.attrib["aria-labelledby"].split())


def test_a_demo_that_asks_something_else_is_not_drawn() -> None:
    """Rather than half a picture."""
    turn = ["You    What is new?", "Model  news()", "       ✓ Nothing."]
    with pytest.raises(ValueError, match=r"does not ask what SHOWN has: \['Is \+1"):
        chosen(["sent-mcp demo", "", *turn])


def test_a_demo_that_is_answered_wrongly_is_not_drawn() -> None:
    """The reason is on the screen of whoever draws it."""
    turns = [
        line for question in SHOWN for line in (f"You    {question}", "       ✗ This is wrong:")
    ]
    with pytest.raises(ValueError, match="no right answer to 'Is "):
        chosen(["sent-mcp demo", "", *turns])

"""The README's dry run is what the program shows."""

from __future__ import annotations

import html
import re

import pytest
from picture import SVG, Picture, shown_text, take_picture

HOW_TO = "take a new one: python tests/guards/picture.py"


@pytest.fixture(scope="module")
def taken() -> Picture:
    return take_picture()


def test_the_readme_shows_the_real_dry_run(taken: Picture) -> None:
    assert shown_text() == taken.text, HOW_TO


def test_the_coloured_one_says_the_same(taken: Picture) -> None:
    svg = SVG.read_text(encoding="utf-8")
    said = "".join(html.unescape(part) for part in re.findall(r">([^<>]*)</text>", svg))
    assert "".join(said.split()) == "".join(["zoho-xero-sync", *taken.text.split()]), HOW_TO
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")


def test_it_has_something_of_everything(taken: Picture) -> None:
    words = re.findall(r"^(create|update|HOLD) ", taken.text, flags=re.MULTILINE)
    assert set(words) == {"create", "update", "HOLD"}
    assert max(len(line) for line in taken.text.splitlines()) <= 100

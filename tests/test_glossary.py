from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "glossary.md").read_text()
ROWS = re.findall(r"^\| ([A-Z]\w+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)


def classes(file: Path) -> set[str]:
    """Return the names of the classes that a file defines."""
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)}


def test_the_glossary_has_twenty_words_in_alphabetical_order() -> None:
    words = [word for word, _, _ in ROWS]
    assert words == sorted(words)
    assert len(words) == 20


@pytest.mark.parametrize(("word", "place"), [(word, place) for word, _, place in ROWS], ids=[word for word, _, _ in ROWS])
def test_a_word_is_defined_where_the_glossary_says(word: str, place: str) -> None:
    named: list[str] = []
    found = False
    for name in re.findall(r"`(.+?)`", place):
        if name.endswith(".py"):
            assert set(named) <= classes(ROOT / "src" / "onbrief" / name), word
            named, found = [], True
        else:
            named.append(name)
    assert found
    assert not named


def test_the_contributors_page_links_the_glossary() -> None:
    assert "(docs/glossary.md)" in (ROOT / "CONTRIBUTING.md").read_text()

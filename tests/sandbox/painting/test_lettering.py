from __future__ import annotations

import pytest

from onbrief_sandbox.painting.lettering import GLYPHS, break_lines, joined, transliterate


@pytest.mark.parametrize(
    ("text", "lettered"),
    [
        ("Straße", "STRASSE"),
        ("crème brûlée", "CREME BRULEE"),
        ("  two   words ", "TWO WORDS"),
        ("a – b", "A -B"),
        ("naïve’s", "NAIVE'S"),
        ("空", ""),
        ("<script>", "SCRIPT"),
        ("x" * 60, "X" * 48),
    ],
)
def test_text_is_written_in_the_letters_there_are(text: str, lettered: str):
    assert transliterate(text) == lettered


@pytest.mark.parametrize("text", ["DOG", "FIRE TRUCK", "MERRY-GO-ROUND", "QUEEN'S CROWN", "A B-C D", "HOT AIR BALLOON"])
def test_broken_lines_join_to_the_same_text(text: str):
    lines, scale = break_lines(text, 84, 44)
    assert (joined(lines), scale > 0) == (text, True)


def test_a_long_name_is_broken_where_that_makes_its_letters_larger():
    assert break_lines("MERRY-GO-ROUND", 84, 44)[0] == ["MERRY-", "GO-ROUND"]
    assert break_lines("MERRY-GO-ROUND", 840, 44)[0] == ["MERRY-GO-ROUND"]


def test_every_capital_and_digit_has_a_glyph():
    assert set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") <= set(GLYPHS)

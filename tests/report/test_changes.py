from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.report.changes import Piece, changes, excerpt
from tests.report.hostile import PAYLOADS


def written(pieces: tuple[Piece, ...] | None) -> str | None:
    """Changes on one line: [removed] and {added}."""
    if pieces is None:
        return None
    signs = {"same": "{}", "removed": "[{}]", "added": "{{{}}}"}
    return "".join(signs[piece.kind].format(piece.text) for piece in pieces)


@pytest.mark.parametrize(
    ("former", "text", "expected"),
    [
        ("a red boat on a lake", "a small red boat on a lake", "a {small }red boat on a lake"),
        ("a red boat, one person", "a blue boat, two people", "a [red]{blue} boat, [one person]{two people}"),
        ("a red boat.", "a red boat", "a red boat[.]"),
        ("月夜の山の湖に舟", "月夜の海の湖に赤い舟", "月夜の[山]{海}の湖に{赤い}舟"),
        ("红色的船在湖上", "蓝色的船在湖上", "[红]{蓝}色的船在湖上"),
        ("एक लाल वृत्त नीले वर्ग", "एक पीला वृत्त नीले वर्ग", "एक [लाल]{पीला} वृत्त नीले वर्ग"),
        ("قارب أحمر على بحيرة", "قارب أزرق على بحيرة", "قارب [أحمر]{أزرق} على بحيرة"),
        ("빨간 배와 두 사람", "파란 배와 두 사람", "[빨간]{파란} 배와 두 사람"),
        ("the same", "the same", "the same"),
        ("", "", ""),
        ("one two three", "four five six", None),
        ("word " * 2000, "words " * 2000, None),
        ("<b>" * 3000 + "x", "x" + "<b>" * 2900, None),
    ],
)
def test_what_changed_is_marked_word_by_word(former: str, text: str, expected: str | None) -> None:
    assert written(changes(former, text)) == expected


WORDS = st.lists(st.sampled_from(["a", "red", "blue", "boat", ",", " ", "  ", "月", "湖", "لون", "ก็", "<b>"]), max_size=24).map(
    "".join
)


@settings(max_examples=300)
@given(WORDS, WORDS)
def test_without_its_marks_each_text_is_there_whole(former: str, text: str) -> None:
    pieces = changes(former, text)
    if pieces is not None:
        assert "".join(piece.text for piece in pieces if piece.kind != "removed") == text
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == former
        assert all(one.kind != "same" or other.kind != "same" for one, other in pairwise(pieces))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_an_excerpt_has_every_change_that_fits(payload: str) -> None:
    pieces = changes(f"red {payload}", f"blue {payload}") or (Piece("same", payload),)
    short = excerpt(pieces, 150)
    assert sum(len(piece.text) for piece in short) <= 152
    assert len(pieces) == 1 or written(short[:2]) == "[red]{blue}"


def test_an_excerpt_keeps_a_few_words_around_a_change() -> None:
    many = "A wide view of a very still alpine lake late at night; "
    pieces = changes(f"{many}a red boat, and behind it {many}", f"{many}a blue boat, and behind it {many}") or ()
    assert written(excerpt(pieces, 200)) == "… lake late at night; a [red]{blue} boat, and behind it A wide …"

"""CLIP's tokens. The numbers are those of CLIP's own tokenizer, as open_clip 3.3 has it."""

from __future__ import annotations

import pytest

from onbrief.questions import clip


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a photo of a cat", 5),
        ("It's 12:30, don't go!", 12),
        ("naïve café, ½ cup", 7),
        ("東京タワー", 7),
        ("😀👍🏽", 2),
        ("under_score", 3),
        ("a fennec girl, 'quoted'", 8),
        ("русский текст", 13),
        ("fish &amp; chips", 3),
        ("cat " * 500, 500),
    ],
)
def test_tokens_are_counted_as_clip_counts_them(text: str, tokens: int) -> None:
    assert clip.tokens(text) == tokens


def test_what_cannot_be_encoded_is_counted_all_the_same() -> None:
    assert clip.tokens("half a \ud800 pair") >= 3

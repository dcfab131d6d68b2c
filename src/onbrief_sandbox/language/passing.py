"""Words about things that a scene cannot represent ("next to", "riding"). The parser skips and records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from onbrief_sandbox.language import words
from onbrief_sandbox.language.tokens import Token

_LONGEST = 3  # words


@dataclass(frozen=True, slots=True)
class Passed:
    """A relation to the next thing, or an action. `end` is the index after its words."""

    end: int
    text: str
    kind: Literal["relation", "action"]


def find(tokens: Sequence[Token], start: int) -> Passed | None:
    """Return the relation or action that begins at `start`, or None."""
    for size in range(_LONGEST, 0, -1):
        here = tokens[start : start + size]
        text = " ".join(token.text for token in here if token.kind == "word")
        if text in words.UNREAD_RELATIONS:
            return Passed(start + size, text, "relation")
        if text in words.UNREAD_ACTIONS:
            return Passed(start + size, text, "action")
    return None


def meaning(run: Sequence[str]) -> tuple[str, ...]:
    """Return those of the words that describe something visible, without colours and styles."""
    return tuple(w for w in run if w not in words.MEANINGLESS and w not in words.COLOUR_WORDS and w not in words.STYLE_WORDS)

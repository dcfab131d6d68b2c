"""Words that say something of things which no scene can hold: "next to", "riding". They are passed over, and noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from onbrief_sandbox.language import words
from onbrief_sandbox.language.tokens import Token

_LONGEST = 3  # words


@dataclass(frozen=True, slots=True)
class Passed:
    """A relation to what comes next, or something that is done; and where its words end."""

    end: int
    said: str
    kind: Literal["relation", "action"]


def find(tokens: Sequence[Token], start: int) -> Passed | None:
    """Such words of the vocabulary that begin at `start`, or None."""
    for size in range(_LONGEST, 0, -1):
        here = tokens[start : start + size]
        said = " ".join(token.text for token in here if token.kind == "word")
        if said in words.UNREAD_RELATIONS:
            return Passed(start + size, said, "relation")
        if said in words.UNREAD_ACTIONS:
            return Passed(start + size, said, "action")
    return None


def meaning(run: Sequence[str]) -> tuple[str, ...]:
    """The words of these that say something visible of a thing, besides colours and styles."""
    return tuple(w for w in run if w not in words.MEANINGLESS and w not in words.COLOUR_WORDS and w not in words.STYLE_WORDS)

"""A new wording of an earlier prompt, made without a model: for the case that a reviser writes none that can be used."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from onbrief.questions.wording import letters_of
from onbrief.record import Prompt

_ENDINGS = (
    "All of it is in plain view.",
    "Everything is seen whole.",
    "One coherent picture.",
    "Each thing is clear and distinct.",
    "Composed with care.",
)
"""Ask for nothing: what an image model does not read of them is no loss."""


def vary(prompt: Prompt, revision: int, tried: Sequence[Prompt]) -> Prompt:
    """Return a prompt with another ending, as number `revision`. It is none of those that were tried."""
    before = {letters_of(one.text) for one in tried}
    endings = itertools.chain.from_iterable(itertools.product(_ENDINGS, repeat=n) for n in itertools.count(1))
    stem = prompt.text.rstrip()
    stem = stem if stem.endswith((".", "!", "?")) else f"{stem}."
    text = next(text for chosen in endings if letters_of(text := " ".join((stem, *chosen))) not in before)
    return replace(prompt, revision=revision, text=text)

"""The tokens of a call to a language model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one call to a language model, as the provider counts them."""

    input: int = 0
    output: int = 0


NO_TOKENS = Tokens()

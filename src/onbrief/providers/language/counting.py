"""How many tokens a request can have at most: what is reserved for a call must never be less than what the provider counts. And
how many a question to a judge usually has.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from onbrief.brief import Size
from onbrief.ports import Tokens

FRAME = 1_000
"""Tokens that a provider adds by itself: the frame of each message, and its own instructions for the use of a tool, which
Claude's documentation puts at 313 to 600.
"""

CORRECTION = 3_000
"""The most tokens that a second question has more than the first one: what was wrong, and all that is allowed instead."""

PictureTokens = Callable[[Size], int]
"""Returns the most tokens of a picture of this size in pixels."""


def text_tokens(*texts: str) -> int:
    """Return the most tokens that these texts can have: the number of their bytes in UTF-8.

    Tokenizers start from bytes (GPT, Claude, Llama 3, Qwen) or fall back on them (Gemini, Llama 2, Mistral), and only ever join
    what they start from. So this holds for every text in every script, while no smaller share of the bytes does: Latin letters
    have 1 byte and about 0.25 tokens each in words, but 0.6 in random letters; digits up to 1 token; Cyrillic letters 2 bytes
    and about 0.5 tokens; Chinese, Japanese and Korean characters 3 bytes and 0.7 to 1.5 tokens, and 3 where they are rare;
    emoji 4 bytes and 1 to 4 tokens for each code point.
    """
    return sum(len(text.encode("utf-8", "replace")) for text in texts)


def schema_tokens(schema: dict[str, object]) -> int:
    """Return the most tokens that a JSON schema can have. Providers write it anew, in forms that have more spaces and no fewer
    words; JSON in ASCII has at least two bytes for each token.
    """
    return text_tokens(json.dumps(schema, indent=1))


def picture_tokens(size: Size) -> int:
    """Return the most tokens that a picture can have with any provider without a rule of its own: one for 16 x 16 pixels and
    one for each row (Pixtral), which is above the rules of Claude (750 pixels), Gemini (at most 2,240 tokens) and GPT (at most
    3,779), but for small pictures, which some count as if they were larger.
    """
    width, height = size
    return max(5_000, (math.ceil(width / 16) + 1) * math.ceil(height / 16))


def mini_tokens(size: Size) -> int:
    """Return the most tokens of a picture with gpt-4o-mini, which counts 33 times as many as other models of its kind: 5,667
    for each tile of 512 x 512 pixels, after the picture is scaled to sides of at most 2,048 and 768 pixels, and 2,833 more.
    """
    shorter, longer = sorted(size)
    scale = min(1.0, 2_048 / longer)
    scale = min(scale, 768 / shorter)
    return 2_833 + 5_667 * math.ceil(shorter * scale / 512) * math.ceil(longer * scale / 512)


def planning_tokens(requirements: int) -> Tokens:
    """Return the tokens that a call for a checklist of this length usually has: instructions, a brief and the schema of the
    answer; as in the briefs of benchmarks/data/real.
    """
    return Tokens(1_800, 30 * requirements)


def revising_tokens(requirements: int) -> Tokens:
    """Return the tokens that a call for a prompt usually has when one or two were tried, for a checklist of this length; as in
    the questions and answers of benchmarks/data/revising.
    """
    return Tokens(1_100 + 40 * requirements, 200)


def judging_tokens(requirements: int) -> Tokens:
    """Return the tokens that a question about this number of requirements of a picture usually has: instructions and the schema
    of the answer, a picture of 1024 x 1024 pixels and more, which other providers than Claude count as fewer, and for each
    requirement a line and a finding with its evidence.
    """
    return Tokens(1_050 + 1_600 + 15 * requirements, 30 * requirements)

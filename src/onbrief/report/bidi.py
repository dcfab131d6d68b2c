"""The order in which a line of text is drawn: words in Arabic and Hebrew run from right to left, numbers among them do not.

The Unicode bidirectional algorithm (UAX 9) for a line whose only control is a mark at its beginning (`shown` removes others).
Pairs of brackets are treated as any other sign. Letters within a run are ordered and mirrored by the shaping library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from unicodedata import bidirectional

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"
"""Invisible marks: at the beginning of a line, they give it the direction of its paragraph."""

T = TypeVar("T")


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction runs from right to left."""
    return next((kind != "L" for kind in map(bidirectional, text) if kind in ("L", "R", "AL")), False)


def levels(text: str) -> list[int]:
    """Return the level of each character: even ones run from left to right, odd ones from right to left."""
    base = int(is_right_to_left(text))
    around = "R" if base else "L"
    kinds: list[str] = []
    last = around
    for character in text:
        kind = bidirectional(character)
        if kind in ("NSM", "BN"):  # W1
            kind = kinds[-1] if kinds else around
        if kind in ("L", "R", "AL"):
            last = kind
        kinds.append("AN" if kind == "EN" and last == "AL" else kind)  # W2
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for n in range(1, len(kinds) - 1):  # W4
        if kinds[n - 1] == kinds[n + 1] and (kinds[n], kinds[n - 1]) in (("ES", "EN"), ("CS", "EN"), ("CS", "AN")):
            kinds[n] = kinds[n - 1]
    _fill(kinds, lambda kind: kind == "ET", lambda before, after: "EN" if "EN" in (before, after) else "ON")  # W5
    last = around
    for n, kind in enumerate(kinds):
        if kind in ("L", "R"):
            last = kind
        elif kind in ("ES", "CS"):  # W6
            kinds[n] = "ON"
        elif kind == "EN" and last == "L":  # W7
            kinds[n] = "L"

    def beside(before: str, after: str) -> str:
        one, other = ("R" if kind in ("EN", "AN") else kind or around for kind in (before, after))
        return one if one == other else around

    _fill(kinds, lambda kind: kind not in ("L", "R", "EN", "AN"), beside)  # N1, N2
    raised = {"L": 2 * base, "R": 1, "EN": 2, "AN": 2}  # I1, I2
    found = [raised[kind] for kind in kinds]
    for n in range(len(text) - 1, -1, -1):  # L1
        if not text[n].isspace():
            break
        found[n] = base
    return found


def _fill(kinds: list[str], wanted: Callable[[str], bool], new: Callable[[str, str], str]) -> None:
    """Replace each sequence of wanted kinds by a kind that depends on the two beside it; "" stands for the end of the line."""
    start = 0
    while start < len(kinds):
        end = start
        while end < len(kinds) and wanted(kinds[end]):
            end += 1
        if end > start:
            before, after = kinds[start - 1] if start else "", kinds[end] if end < len(kinds) else ""
            kinds[start:end] = [new(before, after)] * (end - start)
        start = end + 1


def in_visual_order(runs: Sequence[tuple[int, T]]) -> list[tuple[int, T]]:
    """Return runs, each with its level, from left to right (L2)."""
    ordered = list(runs)
    for level in range(max((level for level, _ in ordered), default=0), 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end][0] >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = end + 1
    return ordered
